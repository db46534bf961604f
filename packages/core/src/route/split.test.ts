// Weighted choice among clusters, SEMANTICS 3.6.
import { expect, test } from 'vitest'
import { type Random, SeededRandom } from '../base/random.ts'
import { Split } from './split.ts'

const named = (...weights: readonly number[]): { name: string; weight: number }[] =>
  weights.map((weight, i) => ({ name: 'abcdef'[i] ?? '', weight }))

/** Draws the same share of the whole every time. */
function always(share: number): Random {
  const random: Random = { uint32: () => Math.floor(share * 2 ** 32), fork: () => random }
  return random
}

test('C008 one takes all, whatever its weight, and without a draw', () => {
  const random = new SeededRandom(1)
  const before = random.fork().uint32()
  for (const weight of [3, 0]) expect(new Split(named(weight)).pick(random)?.name).toBe('a')
  expect(random.uint32()).toBe(before)
})

test('C006 several share by weight', () => {
  const split = new Split(named(75, 25))
  const random = new SeededRandom(6)
  let a = 0
  for (let i = 0; i < 10_000; i++) if (split.pick(random)?.name === 'a') a++
  expect(Math.abs(a - 7_500)).toBeLessThan(200)
})

test('weights need not add up to 100', () => {
  const [a, b] = named(30, 10)
  const split = new Split([a!, b!])
  expect([split.share(a!), split.share(b!)]).toEqual([0.75, 0.25])
  expect([0, 0.74999, 0.75, 0.99999].map((share) => split.pick(always(share))?.name)).toEqual(['a', 'a', 'b', 'b'])
})

test('intervals follow the order of the list', () => {
  const split = new Split(named(1, 2, 1))
  expect([0, 0.25, 0.5, 0.7499, 0.75].map((share) => split.pick(always(share))?.name)).toEqual([
    'a',
    'b',
    'b',
    'b',
    'c',
  ])
})

test('those of weight 0 get nothing', () => {
  const split = new Split(named(0, 5, 0))
  const random = new SeededRandom(2)
  for (let i = 0; i < 100; i++) expect(split.pick(random)?.name).toBe('b')
  expect(split.share(split.choices[0]!)).toBe(1)
})

test('nothing to choose from gives nothing', () => {
  expect(new Split(named()).pick(always(0))).toBeUndefined()
  expect(new Split(named(0, 0)).pick(always(0))).toBeUndefined()
})
