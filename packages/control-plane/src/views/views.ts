// The views of all clients: the same workload, the same view. One that nobody looks at any more is forgotten after a while.
import type { Clock, TimerHandle } from '@proxyless/core/spi'
import type { Reader, Reading, Workload } from '@proxyless/istio'
import type { Encoder } from '@proxyless/xds'
import { type Dialect, keyOf } from './client.ts'
import { View } from './view.ts'

export interface ViewsOptions {
  readonly clock: Clock
  readonly reader: Reader
  readonly encoder: (dialect: Dialect) => Encoder
  readonly pause: () => Promise<void>
  readonly failed: (error: unknown) => void
}

/** Clients that lose their connection come back soon. */
const keptMs = 60_000

export class Views {
  readonly #options: ViewsOptions
  readonly #views = new Map<string, View>()
  readonly #leaving = new Map<View, TimerHandle>()
  #reading: Reading | undefined

  constructor(options: ViewsOptions) {
    this.#options = options
  }

  all(): readonly View[] {
    return [...this.#views.values()]
  }

  /** Translates for every view, one after the other. */
  async update(reading: Reading): Promise<void> {
    this.#reading = reading
    for (const view of this.#views.values()) await view.update(reading)
  }

  of(workload: Workload): View {
    const key = keyOf(workload)
    let view = this.#views.get(key)
    if (view === undefined) {
      view = new View({ ...this.#options, workload, translation: this.#options.reader.translation(workload) })
      this.#views.set(key, view)
      if (this.#reading !== undefined) void view.update(this.#reading)
    }
    this.#options.clock.clearTimer(this.#leaving.get(view))
    this.#leaving.delete(view)
    return view
  }

  /** A client of this view has left. */
  released(view: View): void {
    if (view.clients > 0) return
    const forget = (): void => {
      this.#leaving.delete(view)
      if (view.clients === 0) this.#views.delete(keyOf(view.workload))
    }
    this.#options.clock.clearTimer(this.#leaving.get(view))
    this.#leaving.set(view, this.#options.clock.setTimer(keptMs, forget, true))
  }

  close(): void {
    for (const timer of this.#leaving.values()) this.#options.clock.clearTimer(timer)
    this.#leaving.clear()
  }
}
