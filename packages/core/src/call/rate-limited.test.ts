// Servers that say when to come again; SEMANTICS 5.5.
import { afterEach, describe, expect, test } from 'vitest'
import { SeededRandom } from '../base/random.ts'
import type { RateLimitedBackoff } from '../model/policy.ts'
import { rateLimitedMs } from './rate-limited.ts'
import { expectNothingLeft, retries, simple } from './world.suite.ts'

afterEach(expectNothingLeft)

const policy: RateLimitedBackoff = {
  headers: [
    { name: 'retry-after', format: 'seconds' },
    { name: 'x-ratelimit-reset', format: 'unixTimestamp' },
  ],
}
const nowMs = 1_000_000_500

function waits(headers: Readonly<Record<string, string>>, more: Partial<RateLimitedBackoff> = {}): number[] {
  const random = new SeededRandom(1)
  const drawn = Array.from({ length: 2_000 }, () =>
    rateLimitedMs({ ...policy, ...more }, (name) => headers[name], nowMs, random),
  )
  return drawn.flatMap((ms) => ms ?? [])
}

describe('the wait that a server asks for', () => {
  test('is uniform in [T, 1.5 T)', () => {
    const found = waits({ 'retry-after': '2' })
    expect(Math.min(...found)).toBeGreaterThanOrEqual(2_000)
    expect(Math.min(...found)).toBeLessThan(2_010)
    expect(Math.max(...found)).toBeLessThan(3_000)
    expect(Math.max(...found)).toBeGreaterThan(2_990)
  })

  test('may be told as a time of the Unix epoch, in whole seconds', () => {
    expect(Math.min(...waits({ 'x-ratelimit-reset': '1000003' }))).toBeGreaterThanOrEqual(3_000)
    expect(Math.max(...waits({ 'x-ratelimit-reset': '1000003' }))).toBeLessThan(4_500)
  })

  test.each<[string, Record<string, string>]>([
    ['none', {}],
    ['a date', { 'retry-after': 'Fri, 31 Dec 1999 23:59:59 GMT' }],
    ['a negative number', { 'retry-after': '-1' }],
    ['0 seconds', { 'retry-after': '0' }],
    ['more than the limit of 300 s', { 'retry-after': '301' }],
    ['a time that is over', { 'x-ratelimit-reset': '999999' }],
  ])('%s is not obeyed', (_, headers) => {
    expect(waits(headers)).toEqual([])
  })

  test('the first header that says a usable time counts', () => {
    const found = waits({ 'retry-after': '301', 'x-ratelimit-reset': '1000002' })
    expect(Math.min(...found)).toBeGreaterThanOrEqual(2_000)
    expect(waits({ 'retry-after': '301' }, { maxIntervalMs: 400_000 })[0]).toBeGreaterThanOrEqual(301_000)
  })
})

describe('a call', () => {
  const retry = retries({ numRetries: 2, retryOn: ['5xx'], rateLimitedBackoff: policy })

  test('waits as long as the response asks, then goes on with the usual back-off from its beginning', async () => {
    const world = await simple(retry)
    const limited = { status: 503, headers: { 'retry-after': '10' } }
    const it = world.call('http://a/', { answers: [limited, 503, 200] })
    world.clock.advance(9_999)
    expect(it.sent).toHaveLength(1)
    world.clock.advance(5_001)
    const [, second, third] = it.sent
    expect(second?.atMs).toBeGreaterThanOrEqual(10_000)
    expect((third?.atMs ?? 0) - (second?.atMs ?? 0)).toBeLessThan(25)
    expect(it.seen).toBe(200)
  })

  test('does not ask where the policy does not obey, or no response came', async () => {
    const world = await simple(retries({ numRetries: 2, retryOn: ['5xx'] }))
    const it = world.call('http://a/', { answers: [{ status: 503, headers: { 'retry-after': '10' } }, 200] })
    world.clock.advance(25)
    expect(it.seen).toBe(200)
    const obeying = await simple(retry)
    const failing = obeying.call('http://a/', { answers: ['connectFailure', 200] })
    obeying.clock.advance(25)
    expect(failing.seen).toBe(200)
  })
})
