// Ids look like UUIDv4, differ, and begin with uniform digits.
import { SeededRandom } from '@proxyless/core/spi'
import { expect, test } from 'vitest'
import { requestIds } from './request-ids.ts'

test('200,000 ids are well formed and all different, also from generators with the same seed', () => {
  const seen = new Set<string>()
  for (const next of [requestIds(new SeededRandom(1)), requestIds(new SeededRandom(1))]) {
    for (let i = 0; i < 100_000; i++) seen.add(next())
  }
  expect(seen.size).toBe(200_000)
  for (const id of [...seen].slice(0, 1_000)) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/)
  }
})

test('the first digit is uniform', () => {
  const next = requestIds(new SeededRandom(7))
  const counts = new Map<string, number>()
  for (let i = 0; i < 16_000; i++) {
    const first = next().slice(0, 1)
    counts.set(first, (counts.get(first) ?? 0) + 1)
  }
  expect(counts.size).toBe(16)
  for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(200)
})
