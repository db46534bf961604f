// Gradient2: the limit follows the latency.
import { expect, test } from 'vitest'
import { VirtualClock } from '../base/clock.ts'
import { ConcurrencyLimit } from './concurrency-limit.ts'

const policy = { initial: 20, min: 5, max: 200, tolerance: 1.5, windowMs: 1_000 }

class Bench {
  readonly clock = new VirtualClock()
  readonly it = new ConcurrencyLimit(policy, this.clock)

  /** So many windows in which requests take so long, so many of them at once. */
  windows(count: number, tookMs: number, underWay: (limit: number) => number): void {
    for (let i = 0; i < count * 10; i++) {
      this.clock.advance(100)
      this.it.observe(tookMs, underWay(this.it.limit))
    }
  }
}

const full = (limit: number): number => Math.floor(limit)

test('at a steady latency a limit that is used grows to its maximum', () => {
  const bench = new Bench()
  bench.windows(300, 20, full)
  expect(bench.it.limit).toBe(200)
})

test('a limit of which less than half is used does not grow', () => {
  const bench = new Bench()
  bench.windows(300, 20, () => 5)
  expect(bench.it.limit).toBe(20)
})

test('requests that take three times as long halve it again and again, down to the minimum', () => {
  const bench = new Bench()
  bench.windows(60, 20, full)
  const before = bench.it.limit
  bench.windows(2, 100, full)
  expect(bench.it.limit).toBeLessThan(before * 0.9)
  bench.windows(30, 1_000, full)
  expect(bench.it.limit).toBeLessThan(20)
})

test('within the tolerance it does not fall', () => {
  const bench = new Bench()
  bench.windows(60, 20, full)
  const before = bench.it.limit
  bench.windows(20, 29, full)
  expect(bench.it.limit).toBeGreaterThanOrEqual(before)
})

test('a latency that lasts becomes the usual one sooner when it is better', () => {
  const bench = new Bench()
  bench.windows(30, 200, full)
  bench.windows(100, 20, full)
  bench.windows(5, 100, full)
  expect(bench.it.limit).toBeLessThan(200)
})

test('it rejects what is too much, and counts it', () => {
  const { it } = new Bench()
  expect([it.rejects(19), it.rejects(20), it.rejects(21), it.rejections]).toEqual([false, true, true, 2])
})
