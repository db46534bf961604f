// Earliest deadline first: weighted rotation. The entry with the smallest deadline is next and comes back 1/weight later.
// Serves weighted round robin, and weighted least request with a weight that shrinks under load (Envoy EdfScheduler).
import { below, type Random } from '../base/random.ts'
import type { Balanced, Picker } from './picker.ts'

interface Entry<E> {
  readonly host: E
  deadline: number
  /** Ties go to the one that was inserted first. */
  order: number
}

export class EdfPicker<E extends Balanced> implements Picker<E> {
  readonly #heap: Entry<E>[] = []
  readonly #weightOf: (host: E) => number
  #now = 0
  #order = 0

  /** @param weightOf current weight of a host, above 0 */
  constructor(hosts: readonly E[], weightOf: (host: E) => number, random: Random) {
    this.#weightOf = weightOf
    for (const host of hosts) {
      this.#heap.push({ host, deadline: 1 / weightOf(host), order: this.#order++ })
      this.#rise(this.#heap.length - 1)
    }
    // a random start, so that many clients do not move in step
    for (let skipped = below(random, Math.max(1, hosts.length)); skipped > 0; skipped--) this.pick()
  }

  pick(): E | undefined {
    const first = this.#heap[0]
    if (first === undefined) return undefined
    this.#now = first.deadline
    first.deadline = this.#now + 1 / this.#weightOf(first.host)
    first.order = this.#order++
    this.#sink()
    return first.host
  }

  peek(): E | undefined {
    return this.#heap[0]?.host
  }

  #rise(from: number): void {
    let child = from
    while (child > 0) {
      const parent = (child - 1) >> 1
      if (!this.#before(child, parent)) return
      this.#swap(child, parent)
      child = parent
    }
  }

  #sink(): void {
    let parent = 0
    for (;;) {
      let smallest = parent
      for (let child = 2 * parent + 1; child <= 2 * parent + 2; child++) {
        if (child < this.#heap.length && this.#before(child, smallest)) smallest = child
      }
      if (smallest === parent) return
      this.#swap(parent, smallest)
      parent = smallest
    }
  }

  #before(a: number, b: number): boolean {
    const left = this.#heap[a]
    const right = this.#heap[b]
    if (left === undefined || right === undefined) return false
    return left.deadline < right.deadline || (left.deadline === right.deadline && left.order < right.order)
  }

  #swap(a: number, b: number): void {
    const left = this.#heap[a]
    const right = this.#heap[b]
    if (left === undefined || right === undefined) return
    this.#heap[a] = right
    this.#heap[b] = left
  }
}
