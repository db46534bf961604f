// Resolves whenever something has changed, in slices: one resolution at a time, and what changes meanwhile is for the next.
import { type Clock, Slices } from '@proxyless/core/spi'
import { Job, type Piecewise } from '../piecewise.ts'
import { type Kind, KINDS } from '../stream/kinds.ts'
import type { Changes } from '../stream/store.ts'
import type { Resolution } from './resolve.ts'

/** What the next resolution is for, and who wants to hear when it was taken. */
interface News {
  any: boolean
  readonly names: ReadonlyMap<Kind, Set<string>>
  readonly handled: (() => void)[]
}

export class Resolving {
  readonly #clock: Clock
  readonly #resolve: (changes: Changes) => Piecewise<Resolution>
  readonly #take: (resolution: Resolution) => void
  readonly #slices: Slices
  #news: News = noNews()
  #busy = false

  constructor(
    clock: Clock,
    resolve: (changes: Changes) => Piecewise<Resolution>,
    take: (resolution: Resolution) => void,
  ) {
    this.#clock = clock
    this.#resolve = resolve
    this.#take = take
    this.#slices = new Slices(clock)
  }

  update(changes: Changes = new Map(), handled?: () => void): void {
    for (const [kind, names] of changes) for (const name of names) this.#news.names.get(kind)?.add(name)
    if (handled !== undefined) this.#news.handled.push(handled)
    this.#news.any = true
    this.#next()
  }

  /** A resolution under way is given up. */
  close(): void {
    this.#busy = true
    this.#slices.close()
  }

  #next(): void {
    if (this.#busy || !this.#news.any) return
    const { names, handled } = this.#news
    this.#news = noNews()
    this.#busy = true
    const job = new Job(this.#clock, this.#resolve(names), (resolution) => {
      this.#busy = false
      this.#take(resolution)
      for (const each of handled) each()
      this.#next()
    })
    this.#slices.begin(job)
  }
}

function noNews(): News {
  return { any: false, names: new Map(KINDS.map((kind) => [kind, new Set<string>()])), handled: [] }
}
