// The formula of the SRE book: requests counted before they are sent, accepted ones when they are answered.
import { expect, test } from 'vitest'
import { VirtualClock } from '../base/clock.ts'
import { SeededRandom } from '../base/random.ts'
import { Throttle } from './throttle.ts'

const policy = { k: 2, windowMs: 120_000, maxRejection: 0.9 }

function throttle(more: Partial<typeof policy> = {}): {
  it: Throttle
  clock: VirtualClock
  limits: { requests: number; pending: number }
} {
  const clock = new VirtualClock(1e6)
  const limits = { requests: 0, pending: 0 }
  return { it: new Throttle({ ...policy, ...more }, clock, limits), clock, limits }
}

test('nothing is rejected while half of the requests are accepted', () => {
  const { it } = throttle()
  const random = new SeededRandom(1)
  for (let i = 0; i < 1_000; i++) {
    if (it.rejects(random)) throw new Error(`request ${i} was rejected`)
    if (i % 2 === 0) it.accepted()
  }
  expect([it.requests, it.acceptedRequests, it.rejections]).toEqual([1_000, 500, 0])
})

test('the chance is (requests - K accepted) / (requests + 1)', () => {
  const { it } = throttle()
  const never = { uint32: () => 0xffff_ffff, fork: () => never }
  for (let i = 0; i < 99; i++) it.rejects(never)
  for (let i = 0; i < 10; i++) it.accepted()
  expect(it.chance).toBeCloseTo((99 - 20) / 100)
})

test('a service that rejects everything still gets a tenth', () => {
  const { it } = throttle()
  const random = new SeededRandom(1)
  let sent = 0
  for (let i = 0; i < 10_000; i++) if (!it.rejects(random)) sent++
  expect(it.chance).toBe(0.9)
  expect(sent / 10_000).toBeCloseTo(0.1, 1)
  expect(it.rejections).toBe(10_000 - sent)
})

test('a service that accepts three of ten is sent so much less that it can accept most of it', () => {
  const { it } = throttle({ windowMs: 10_000 })
  const random = new SeededRandom(1)
  let accepted = 0
  let sent = 0
  for (let tenth = 0; tenth < 2_000; tenth++) {
    if (!it.rejects(random)) {
      sent++
      if (tenth % 10 < 3) {
        accepted++
        it.accepted()
      }
    }
  }
  expect(sent).toBeLessThan(1_400)
  expect(accepted / sent).toBeCloseTo(0.3, 1)
})

test('a burst after a pause is not rejected for want of answers', () => {
  const { it, limits } = throttle()
  const random = new SeededRandom(1)
  for (; limits.requests < 200; limits.requests++) if (it.rejects(random)) throw new Error('rejected')
  expect(it.chance).toBe(0)
  limits.requests = 0
  expect(it.chance).toBe(0.9)
})

test('what is older than the window is forgotten', () => {
  const { it, clock } = throttle()
  const random = new SeededRandom(1)
  for (let i = 0; i < 100; i++) it.rejects(random)
  clock.advance(60_000)
  expect(it.requests).toBe(100)
  clock.advance(61_000)
  expect([it.requests, it.chance]).toEqual([0, 0])
})
