// Chance that can be repeated.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { below, SeededRandom, type Random } from './random.ts'

function take(random: Random, count: number): number[] {
  return Array.from({ length: count }, () => random.uint32())
}

test('the same seed gives the same numbers, other seeds others', () => {
  expect(take(new SeededRandom(7), 20)).toEqual(take(new SeededRandom(7), 20))
  expect(take(new SeededRandom(7), 20)).not.toEqual(take(new SeededRandom(8), 20))
})

test('every number is an unsigned 32-bit integer', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) =>
      take(new SeededRandom(seed), 50).every((n) => Number.isInteger(n) && n >= 0 && n < 2 ** 32),
    ),
  )
})

test('a fork foresees what comes, and spends nothing', () => {
  fc.assert(
    fc.property(fc.integer(), fc.nat(30), fc.nat(30), (seed, before, count) => {
      const random = new SeededRandom(seed)
      take(random, before)
      const foreseen = take(random.fork(), count)
      expect(take(random.fork(), count)).toEqual(foreseen)
      expect(take(random, count)).toEqual(foreseen)
    }),
  )
})

test('numbers spread evenly', () => {
  const random = new SeededRandom(1)
  const buckets = new Array<number>(16).fill(0)
  for (let i = 0; i < 32_000; i++) buckets[random.uint32() >>> 28]!++
  for (const count of buckets) expect(Math.abs(count - 2_000)).toBeLessThan(200)
})

test('below is at least 0 and less than its bound, also for the largest bound', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 32 }), fc.integer(), (bound, seed) => {
      const drawn = below(new SeededRandom(seed), bound)
      expect(Number.isInteger(drawn) && drawn >= 0 && drawn < bound).toBe(true)
    }),
  )
  const highest: Random = { uint32: () => 2 ** 32 - 1, fork: () => highest }
  expect([below(highest, 1), below(highest, 3), below(highest, 2 ** 32)]).toEqual([0, 2, 2 ** 32 - 1])
})

test('below reaches every value about equally often', () => {
  const random = new SeededRandom(3)
  const seen = [0, 0, 0]
  for (let i = 0; i < 9_000; i++) seen[below(random, 3)]!++
  for (const count of seen) expect(Math.abs(count - 3_000)).toBeLessThan(200)
})
