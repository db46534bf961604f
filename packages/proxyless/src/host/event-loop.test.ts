import { expect, test } from 'vitest'
import { VirtualClock } from '@proxyless/core/spi'
import { EventLoopWatch } from './event-loop.ts'

/** A clock whose timers come late by as long as the loop is blocked. */
class BlockedClock extends VirtualClock {
  lateMs = 0

  override setTimer(delayMs: number, fire: () => void): unknown {
    const lateMs = this.lateMs
    this.lateMs = 0
    return super.setTimer(delayMs + lateMs, fire)
  }
}

test('a loop that turns was never blocked', () => {
  const clock = new VirtualClock()
  const watch = new EventLoopWatch(clock)
  expect(watch.blockedMs()).toBe(0)
  clock.advance(1_000)
  expect(watch.blockedMs()).toBe(0)
})

test('a late tick is time that was blocked, and counts before the tick itself comes', () => {
  const clock = new BlockedClock()
  const watch = new EventLoopWatch(clock)
  clock.lateMs = 300
  expect(watch.blockedMs()).toBe(0)
  clock.advance(200)
  expect(watch.blockedMs()).toBe(180)
  clock.advance(200)
  expect(watch.blockedMs()).toBe(300)
})

test('a timer that is a little late is nothing', () => {
  const clock = new BlockedClock()
  const watch = new EventLoopWatch(clock)
  clock.lateMs = 8
  watch.blockedMs()
  clock.advance(100)
  expect(watch.blockedMs()).toBe(0)
})

test('it ticks only while somebody asks', () => {
  const clock = new VirtualClock()
  const watch = new EventLoopWatch(clock)
  expect(clock.pendingTimers).toBe(0)
  watch.blockedMs()
  clock.advance(4_000)
  expect(clock.pendingTimers).toBe(1)
  clock.advance(2_000)
  expect(clock.pendingTimers).toBe(0)
  expect(watch.blockedMs()).toBe(0)
  expect(clock.pendingTimers).toBe(1)
})
