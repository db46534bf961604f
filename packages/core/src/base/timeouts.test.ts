// Deadlines that are set on every call: one list and one timer per duration.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { VirtualClock } from './clock.ts'
import { type Deadline, type Expiring, Timeouts } from './timeouts.ts'

/** Notes who expired, and when. */
function world() {
  const clock = new VirtualClock()
  const timeouts = new Timeouts(clock)
  const log: string[] = []
  const owner = (name: string, then: () => void = () => undefined): Expiring => ({
    expired(kind) {
      log.push(`${name} ${kind} at ${clock.now()}`)
      then()
    },
  })
  return { clock, timeouts, log, owner }
}

test('a deadline expires once, at its time, with its kind', () => {
  const { clock, timeouts, log, owner } = world()
  timeouts.add(100, 3, owner('a'))
  clock.advance(99)
  expect(log).toEqual([])
  clock.advance(1_000)
  expect(log).toEqual(['a 3 at 100'])
})

test('deadlines of one duration share one timer and expire in order', () => {
  const { clock, timeouts, log, owner } = world()
  timeouts.add(100, 0, owner('a'))
  clock.advance(30)
  timeouts.add(100, 0, owner('b'))
  clock.advance(30)
  timeouts.add(100, 0, owner('c'))
  expect(clock.pendingTimers).toBe(1)
  clock.advance(100)
  expect(log).toEqual(['a 0 at 100', 'b 0 at 130', 'c 0 at 160'])
  expect(clock.pendingTimers).toBe(0)
})

test('whoever throws as its deadline passes keeps nobody else from hearing of theirs', () => {
  const { clock, timeouts, log, owner } = world()
  const throws = (): void => {
    throw new Error('an application')
  }
  for (const name of ['a', 'b']) timeouts.add(100, 0, owner(name, throws))
  timeouts.add(100, 0, owner('c'))
  expect(() => clock.advance(100)).toThrow('an application')
  expect(() => clock.advance(1)).toThrow('an application')
  clock.advance(1)
  timeouts.add(100, 0, owner('d'))
  clock.advance(100)
  expect(log.map((line) => line.slice(0, 1))).toEqual(['a', 'b', 'c', 'd'])
  expect(clock.pendingTimers).toBe(0)
})

test('deadlines of many durations expire each at its own time', () => {
  const { clock, timeouts, log, owner } = world()
  for (let ms = 300; ms > 0; ms--) timeouts.add(ms, ms, owner('x'))
  clock.advance(300)
  expect(log).toEqual(Array.from({ length: 300 }, (_, i) => `x ${i + 1} at ${i + 1}`))
  expect(clock.pendingTimers).toBe(0)
})

test('a cancelled deadline never expires, and cancelling twice or late is harmless', () => {
  const { clock, timeouts, log, owner } = world()
  const first = timeouts.add(100, 0, owner('a'))
  const second = timeouts.add(100, 0, owner('b'))
  const third = timeouts.add(100, 0, owner('c'))
  second.cancel()
  second.cancel()
  clock.advance(100)
  first.cancel()
  third.cancel()
  expect(log).toEqual(['a 0 at 100', 'c 0 at 100'])
})

test('a list all of whose deadlines are cancelled lets its timer lapse and arms again when needed', () => {
  const { clock, timeouts, log, owner } = world()
  timeouts.add(100, 0, owner('a')).cancel()
  clock.advance(100)
  expect(clock.pendingTimers).toBe(0)
  timeouts.add(100, 0, owner('b'))
  clock.advance(100)
  expect(log).toEqual(['b 0 at 200'])
})

test('who hears of its end may cancel others that are due at the same moment', () => {
  const { clock, timeouts, log, owner } = world()
  const others: Deadline[] = []
  const first = owner('a', () => others.forEach((other) => other.cancel()))
  timeouts.add(100, 0, first)
  others.push(timeouts.add(100, 0, owner('b')))
  timeouts.add(100, 0, owner('c'))
  clock.advance(100)
  expect(log).toEqual(['a 0 at 100', 'c 0 at 100'])
})

test('who hears of its end may set a deadline of the same duration, and there is still one timer', () => {
  const { clock, timeouts, log, owner } = world()
  timeouts.add(
    100,
    0,
    owner('a', () => timeouts.add(100, 1, owner('again'))),
  )
  clock.advance(50)
  timeouts.add(100, 0, owner('b'))
  clock.advance(50)
  expect(clock.pendingTimers).toBe(1)
  clock.advance(100)
  expect(log).toEqual(['a 0 at 100', 'b 0 at 150', 'again 1 at 200'])
  expect(clock.pendingTimers).toBe(0)
})

test('after closing nothing expires, nothing is armed, and no timer is left', () => {
  const { clock, timeouts, log, owner } = world()
  const pending = timeouts.add(100, 0, owner('a'))
  timeouts.add(200, 0, owner('b'))
  timeouts.close()
  expect(clock.pendingTimers).toBe(0)
  timeouts.add(100, 0, owner('c')).cancel()
  timeouts.add(300, 0, owner('d'))
  pending.cancel()
  expect(clock.pendingTimers).toBe(0)
  clock.advance(1_000)
  expect(log).toEqual([])
})

test('closing while deadlines expire stops those that follow', () => {
  const { clock, timeouts, log, owner } = world()
  timeouts.add(
    100,
    0,
    owner('a', () => timeouts.close()),
  )
  timeouts.add(100, 0, owner('b'))
  clock.advance(500)
  expect(log).toEqual(['a 0 at 100'])
  expect(clock.pendingTimers).toBe(0)
})

test.each([
  [0.4, 99.6],
  [30, 100],
])('a timer that fires %f ms early ends a deadline of 100 ms at %f', (earlyMs, endsAt) => {
  const clock = new VirtualClock()
  let early = earlyMs
  const timeouts = new Timeouts({
    now: () => clock.now(),
    wallNow: () => clock.wallNow(),
    clearTimer: (timer) => clock.clearTimer(timer),
    setTimer(ms, fire) {
      const timer = clock.setTimer(ms - early, fire)
      early = 0
      return timer
    },
  })
  let at = 0
  timeouts.add(100, 0, { expired: () => void (at = clock.now()) })
  clock.advance(200)
  expect(at).toBe(endsAt)
})

test('whatever is added and cancelled: exactly the rest expires, each no earlier than asked, and no timer is left', () => {
  const step = fc.record({
    wait: fc.nat(20),
    duration: fc.constantFrom(5, 10, 25, 40),
    cancel: fc.option(fc.nat(30), { nil: undefined }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { clock, timeouts } = world()
      const states: { due: number; at: number | undefined; cancelled: boolean; deadline: Deadline }[] = []
      for (const { wait, duration, cancel } of steps) {
        clock.advance(wait)
        const state = { due: clock.now() + duration, at: undefined as number | undefined, cancelled: false }
        const deadline = timeouts.add(duration, 0, { expired: () => void (entry.at = clock.now()) })
        const entry = { ...state, deadline }
        states.push(entry)
        const victim = cancel === undefined ? undefined : states[cancel]
        if (victim !== undefined && victim.at === undefined) {
          victim.deadline.cancel()
          victim.cancelled = true
        }
      }
      clock.advance(1_000)
      for (const { due, at, cancelled } of states) expect(at).toBe(cancelled ? undefined : due)
      expect(clock.pendingTimers).toBe(0)
    }),
  )
})
