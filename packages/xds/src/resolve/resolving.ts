// Resolves whenever something has changed, in slices: one resolution at a time, and what changes meanwhile is for the next.
import type { Clock, Sliced } from '@proxyless/core/spi'
import { Job, type Piecewise, slicesOf } from '../piecewise.ts'
import type { StreamKind } from '../stream/kinds.ts'
import type { Changes } from '../stream/store.ts'
import type { Resolution } from './resolve.ts'

export class Resolving {
  readonly #clock: Clock
  readonly #resolve: (changes: Changes) => Piecewise<Resolution>
  readonly #take: (resolution: Resolution) => void
  /** For the next resolution, and who wants to hear when it was taken. */
  readonly #news: Changes[] = []
  readonly #handled: (() => void)[] = []
  #job: Sliced | undefined
  #closed = false

  constructor(
    clock: Clock,
    resolve: (changes: Changes) => Piecewise<Resolution>,
    take: (resolution: Resolution) => void,
  ) {
    this.#clock = clock
    this.#resolve = resolve
    this.#take = take
  }

  update(changes: Changes = new Map(), handled?: () => void): void {
    this.#news.push(changes)
    if (handled !== undefined) this.#handled.push(handled)
    this.#next()
  }

  /** A resolution under way is given up. */
  close(): void {
    this.#closed = true
    if (this.#job !== undefined) slicesOf(this.#clock).drop(this.#job)
  }

  #next(): void {
    if (this.#closed || this.#job !== undefined || this.#news.length === 0) return
    const changes = joined(this.#news.splice(0))
    const handled = this.#handled.splice(0)
    this.#job = new Job(this.#clock, this.#resolve(changes), (resolution) => {
      this.#job = undefined
      this.#take(resolution)
      for (const each of handled) each()
      this.#next()
    })
    slicesOf(this.#clock).begin(this.#job)
  }
}

function joined(all: readonly Changes[]): Changes {
  const [first, ...more] = all
  if (first !== undefined && more.length === 0) return first
  const names = new Map<StreamKind, Set<string>>()
  for (const changes of all) {
    for (const [kind, some] of changes) {
      const known = names.get(kind) ?? new Set()
      names.set(kind, known)
      for (const name of some) known.add(name)
    }
  }
  return names
}
