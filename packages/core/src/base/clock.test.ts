// The clock that stands still.
import { expect, test } from 'vitest'
import { VirtualClock } from './clock.ts'
import { below, SeededRandom } from './random.ts'

test('time moves only when told to', () => {
  const clock = new VirtualClock(5)
  expect(clock.now()).toBe(5)
  clock.advance(2.5)
  expect(clock.now()).toBe(7.5)
  expect(clock.wallNow()).toBe(Date.UTC(2026, 0, 1) + 7.5)
})

test('timers fire in order of their time, then of their making, and see their own time', () => {
  const clock = new VirtualClock()
  const fired: string[] = []
  clock.setTimer(20, () => fired.push(`late ${clock.now()}`))
  clock.setTimer(10, () => fired.push(`first ${clock.now()}`))
  clock.setTimer(10, () => fired.push(`second ${clock.now()}`))
  clock.advance(15)
  expect(fired).toEqual(['first 10', 'second 10'])
  expect([clock.now(), clock.pendingTimers, clock.nextTimerAt]).toEqual([15, 1, 20])
  clock.advance(5)
  expect(fired).toEqual(['first 10', 'second 10', 'late 20'])
  expect([clock.pendingTimers, clock.nextTimerAt]).toEqual([0, undefined])
})

test('a cleared timer never fires, and clearing one that has fired is harmless', () => {
  const clock = new VirtualClock()
  let fired = 0
  const kept = clock.setTimer(1, () => fired++)
  clock.clearTimer(clock.setTimer(1, () => (fired += 10)))
  clock.advance(1)
  clock.clearTimer(kept)
  expect(fired).toBe(1)
})

test('a timer that a firing timer sets is fired in the same move when it is due', () => {
  const clock = new VirtualClock()
  const at: number[] = []
  const again = (): void => {
    at.push(clock.now())
    if (at.length < 4) clock.setTimer(10, again)
  }
  clock.setTimer(10, again)
  clock.advance(30)
  expect(at).toEqual([10, 20, 30])
  expect(clock.pendingTimers).toBe(1)
})

test('a negative delay is due at once', () => {
  const clock = new VirtualClock(100)
  let at = 0
  clock.setTimer(-50, () => (at = clock.now()))
  clock.advance(0)
  expect(at).toBe(100)
})

test('advanceAsync lets promises run between timers', async () => {
  const clock = new VirtualClock()
  const seen: string[] = []
  const wait = (ms: number): Promise<void> => new Promise((resolve) => clock.setTimer(ms, resolve))
  const one = wait(10).then(() => {
    seen.push('one')
    return wait(10).then(() => void seen.push(`three ${clock.now()}`))
  })
  const two = wait(15).then(() => void seen.push('two'))
  await clock.advanceAsync(20)
  await Promise.all([one, two])
  expect(seen).toEqual(['one', 'two', 'three 20'])
})

test('many timers, some cleared, fire in the order of their times', () => {
  const clock = new VirtualClock()
  const random = new SeededRandom(3)
  const fired: number[] = []
  const timers = Array.from({ length: 2_000 }, () => {
    const at = below(random, 500)
    return { at, timer: clock.setTimer(at, () => fired.push(at)) }
  })
  const cleared = timers.filter((_, i) => i % 3 === 0)
  for (const { timer } of cleared) clock.clearTimer(timer)
  expect(clock.pendingTimers).toBe(2_000 - cleared.length)
  clock.advance(500)
  const kept = timers.filter((_, i) => i % 3 !== 0).map(({ at }) => at)
  expect(fired).toEqual(kept.toSorted((a, b) => a - b))
  expect([clock.pendingTimers, clock.nextTimerAt]).toEqual([0, undefined])
})
