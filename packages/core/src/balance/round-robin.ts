// In turn, starting anywhere; for hosts of equal weight. Weighted rotation is edf.ts.
import { below, type Random } from '../base/random.ts'
import type { Balanced, Picker } from './picker.ts'

export class RoundRobinPicker<E extends Balanced> implements Picker<E> {
  readonly #hosts: readonly E[]
  #next: number

  constructor(hosts: readonly E[], random: Random, previous?: Picker<E>) {
    this.#hosts = hosts
    // the rotation goes on when membership changes
    this.#next = previous instanceof RoundRobinPicker ? previous.#next : below(random, 0x1_0000)
  }

  pick(): E | undefined {
    const host = this.peek()
    // a small integer: nothing is allocated
    this.#next = (this.#next + 1) & 0x3fff_ffff
    return host
  }

  peek(): E | undefined {
    return this.#hosts[this.#next % this.#hosts.length]
  }
}
