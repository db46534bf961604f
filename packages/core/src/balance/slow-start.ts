// New hosts get their full share bit by bit (Envoy slow start): while one is new the rotation is weighted by age, then plain again.
// Asks the clock; used by balance/create for round robin and least request.
import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { SlowStart } from '../model/cluster.ts'
import { EdfPicker } from './edf.ts'
import type { Balanced, Picker } from './picker.ts'

/** The part of its weight that a host of this age has, above 0. */
export function slowStartFactor(ageMs: number, { windowMs, aggression, minWeight }: SlowStart): number {
  if (ageMs >= windowMs) return 1
  const grown = Math.max(1, ageMs) / windowMs
  return Math.min(1, Math.max(aggression === 1 ? grown : grown ** (1 / aggression), minWeight))
}

/** Until when at least one of the hosts is new. */
export function slowUntilMs(hosts: readonly Balanced[], { windowMs }: SlowStart): number {
  let latest = -Infinity
  for (const { healthySinceMs } of hosts) if (healthySinceMs !== undefined) latest = Math.max(latest, healthySinceMs)
  return latest + windowMs
}

export class SlowStartPicker<E extends Balanced> implements Picker<E> {
  readonly #clock: Pick<Clock, 'now'>
  readonly #untilMs: number
  readonly #plain: () => Picker<E>
  #picker: Picker<E>
  #slow = true

  /**
   * @param weightOf weight of a host that is not new
   * @param plain makes what picks once no host is new
   */
  constructor(
    hosts: readonly E[],
    policy: SlowStart,
    clock: Pick<Clock, 'now'>,
    random: Random,
    weightOf: (host: E) => number,
    plain: () => Picker<E>,
  ) {
    this.#clock = clock
    this.#untilMs = slowUntilMs(hosts, policy)
    this.#plain = plain
    this.#picker = new EdfPicker(
      hosts,
      (host) => weightOf(host) * slowStartFactor(clock.now() - (host.healthySinceMs ?? -Infinity), policy),
      random,
    )
  }

  pick(random: Random): E | undefined {
    return this.#current().pick(random)
  }

  peek(random: Random): E | undefined {
    return this.#current().peek(random)
  }

  #current(): Picker<E> {
    if (this.#slow && this.#clock.now() >= this.#untilMs) {
      this.#slow = false
      this.#picker = this.#plain()
    }
    return this.#picker
  }
}
