// Uniform choice; weights do not count, as in Envoy's RANDOM.
import { below, type Random } from '../base/random.ts'
import type { Balanced, Picker } from './picker.ts'

export class RandomPicker<E extends Balanced> implements Picker<E> {
  readonly #hosts: readonly E[]

  constructor(hosts: readonly E[]) {
    this.#hosts = hosts
  }

  pick(random: Random): E | undefined {
    return this.#hosts[below(random, this.#hosts.length)]
  }

  peek(random: Random): E | undefined {
    return this.pick(random)
  }
}
