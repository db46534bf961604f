import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SlidingSum } from './sliding-sum.ts'

test('what was added within the window is in the sum, as precisely as the steps are', () => {
  const sum = new SlidingSum(2_400)
  sum.add(50, 3)
  sum.add(1_050, 4)
  expect(sum.total(1_050)).toBe(7)
  expect(sum.total(2_399)).toBe(7)
  expect(sum.total(2_400)).toBe(4)
  expect(sum.total(99_999)).toBe(0)
})

test('it never holds what is older than the window, nor loses what is younger than it by a step', () => {
  const moves = fc.array(
    fc.record({ waitMs: fc.integer({ min: 0, max: 900 }), amount: fc.integer({ min: 0, max: 9 }) }),
  )
  fc.assert(
    fc.property(moves, fc.integer({ min: 0, max: 1e9 }), (steps, beginMs) => {
      const sum = new SlidingSum(2_400)
      const added: { at: number; amount: number }[] = []
      let now = beginMs
      for (const { waitMs, amount } of steps) {
        now += waitMs
        sum.add(now, amount)
        added.push({ at: now, amount })
        const since = (ms: number): number =>
          added.reduce((total, one) => total + (now - one.at < ms ? one.amount : 0), 0)
        expect(sum.total(now)).toBeLessThanOrEqual(since(2_400))
        expect(sum.total(now)).toBeGreaterThanOrEqual(since(2_300))
      }
    }),
  )
})
