import { expect, test } from 'vitest'
import { VirtualClock } from '../base/clock.ts'
import { SeededRandom } from '../base/random.ts'
import { LatencyWindow } from './latency-window.ts'

test('percentiles are right to a tenth, over five powers of ten', () => {
  const clock = new VirtualClock(12_345)
  const it = new LatencyWindow(clock)
  const random = new SeededRandom(1)
  const values = Array.from({ length: 5_000 }, () => 10 ** ((random.uint32() / 2 ** 32) * 5 - 0.5))
  for (const value of values) it.observe(value)
  const sorted = values.toSorted((a, b) => a - b)
  for (const share of [0.1, 0.5, 0.9, 0.95, 0.99]) {
    const right = sorted[Math.ceil(share * sorted.length) - 1] ?? 0
    expect(it.percentile(share)).toBeGreaterThanOrEqual(right)
    expect(it.percentile(share)).toBeLessThan(right * 1.1)
  }
})

test('nothing is known of fewer than twenty answers', () => {
  const it = new LatencyWindow(new VirtualClock())
  for (let i = 0; i < 19; i++) it.observe(10)
  expect(it.percentile(0.5)).toBeUndefined()
  it.observe(10)
  expect(it.percentile(0.5)).toBeCloseTo(10, -1)
})

test('answers are forgotten after a minute', () => {
  const clock = new VirtualClock()
  const it = new LatencyWindow(clock)
  for (let i = 0; i < 100; i++) it.observe(1_000)
  clock.advance(30_000)
  for (let i = 0; i < 100; i++) it.observe(10)
  expect(it.percentile(0.9)).toBeGreaterThan(900)
  clock.advance(31_000)
  expect(it.percentile(0.9)).toBeLessThan(12)
  clock.advance(61_000)
  expect(it.percentile(0.9)).toBeUndefined()
})

test('a percentile follows soon, though it is not reckoned on every answer', () => {
  const it = new LatencyWindow(new VirtualClock())
  for (let i = 0; i < 100; i++) it.observe(10)
  expect(it.percentile(0.5)).toBeLessThan(12)
  for (let i = 0; i < 200; i++) it.observe(100)
  expect(it.percentile(0.5)).toBeGreaterThan(90)
})

test('what is beyond all bounds counts at the bounds', () => {
  const it = new LatencyWindow(new VirtualClock())
  for (let i = 0; i < 20; i++) it.observe(0)
  expect(it.percentile(1)).toBe(0.25)
  for (let i = 0; i < 200; i++) it.observe(1e9)
  expect(it.percentile(1)).toBeGreaterThan(100_000)
})
