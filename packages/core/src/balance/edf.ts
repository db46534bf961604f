// Earliest deadline first: weighted rotation. The host with the smallest deadline is next and comes back 1/weight later.
// Serves weighted round robin, weighted least request and slow start: the weight is asked anew at each return (Envoy EdfScheduler).
import type { Random } from '../base/random.ts'
import type { Balanced, Picker } from './picker.ts'

export class EdfPicker<E extends Balanced> implements Picker<E> {
  readonly #hosts: readonly E[]
  readonly #weightOf: (host: E) => number
  // a binary heap by deadline; ties go to the one that was inserted first
  readonly #deadlines: Float64Array
  readonly #orders: Float64Array
  readonly #numbers: Uint32Array
  #order: number

  /** @param weightOf current weight of a host, above 0 */
  constructor(hosts: readonly E[], weightOf: (host: E) => number, random: Random) {
    const size = hosts.length
    this.#hosts = hosts
    this.#weightOf = weightOf
    this.#deadlines = new Float64Array(size)
    this.#orders = new Float64Array(size)
    this.#numbers = new Uint32Array(size)
    this.#order = size
    hosts.forEach((host, i) => {
      // each host starts somewhere in its first round, so that many clients do not move in step
      this.#deadlines[i] = random.uint32() / 0x1_0000_0000 / weightOf(host)
      this.#orders[i] = i
      this.#numbers[i] = i
    })
    for (let i = (size >> 1) - 1; i >= 0; i--) this.#sink(i, size)
  }

  pick(): E | undefined {
    const host = this.#hosts[this.#numbers[0] ?? 0]
    if (host === undefined) return undefined
    this.#deadlines[0] = (this.#deadlines[0] ?? 0) + 1 / this.#weightOf(host)
    this.#orders[0] = this.#order++
    this.#sink(0, this.#numbers.length)
    return host
  }

  peek(): E | undefined {
    return this.#hosts[this.#numbers[0] ?? 0]
  }

  /** Moves an entry down until none below it comes earlier. */
  #sink(from: number, size: number): void {
    const deadlines = this.#deadlines
    const orders = this.#orders
    const numbers = this.#numbers
    const deadline = deadlines[from] ?? 0
    const order = orders[from] ?? 0
    const number = numbers[from] ?? 0
    let hole = from
    for (let child = 2 * hole + 1; child < size; child = 2 * hole + 1) {
      let earliest = deadlines[child] ?? 0
      if (child + 1 < size) {
        const other = deadlines[child + 1] ?? 0
        if (other < earliest || (other === earliest && (orders[child + 1] ?? 0) < (orders[child] ?? 0))) {
          child++
          earliest = other
        }
      }
      if (earliest > deadline || (earliest === deadline && (orders[child] ?? 0) > order)) break
      deadlines[hole] = earliest
      orders[hole] = orders[child] ?? 0
      numbers[hole] = numbers[child] ?? 0
      hole = child
    }
    deadlines[hole] = deadline
    orders[hole] = order
    numbers[hole] = number
  }
}
