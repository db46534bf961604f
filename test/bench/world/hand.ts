// What a user writes instead of a mesh: three undici Pools, taken in turn.
import { Dispatcher, Pool } from 'undici'

export class HandRoundRobin {
  readonly #pools: readonly Pool[]
  #turn = 0

  constructor(ports: readonly number[]) {
    this.#pools = ports.map((port) => new Pool(`http://127.0.0.1:${port}`, { connections: 50 }))
  }

  next(): Pool {
    this.#turn = this.#turn + 1 === this.#pools.length ? 0 : this.#turn + 1
    return this.#pools[this.#turn] as Pool
  }

  /** Which of the pools `next` gave last. */
  get turn(): number {
    return this.#turn
  }

  async close(): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.destroy()))
  }
}

/** The same as a Dispatcher, for fetch. */
export class HandDispatcher extends Dispatcher {
  readonly #hand: HandRoundRobin

  constructor(hand: HandRoundRobin) {
    super()
    this.#hand = hand
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    return this.#hand.next().dispatch(options, handler)
  }
}
