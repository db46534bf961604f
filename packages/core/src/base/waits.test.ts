// Waits end by time, by cancel, or with the mesh.
import { expect, test } from 'vitest'
import { VirtualClock } from './clock.ts'
import { Waits } from './waits.ts'

function world() {
  const clock = new VirtualClock()
  const log: string[] = []
  const waits = new Waits(clock)
  const start = (name: string, ms: number) => waits.start(ms, () => log.push(`${name} at ${clock.now()}`))
  return { clock, log, waits, start }
}

test('each is over in its own time, once', () => {
  const { clock, log, start, waits } = world()
  start('b', 20)
  start('a', 10)
  clock.advance(50)
  waits.close()
  expect(log).toEqual(['a at 10', 'b at 20'])
})

test('a cancelled one is never over', () => {
  const { clock, log, start, waits } = world()
  waits.cancel(start('a', 10))
  clock.advance(50)
  expect([log, clock.pendingTimers]).toEqual([[], 0])
})

test('closing ends all at once and leaves no timer; later ones are over at their start', () => {
  const { clock, log, start, waits } = world()
  start('a', 10)
  start('b', 20)
  waits.close()
  start('c', 30)
  expect([log, clock.pendingTimers]).toEqual([['a at 0', 'b at 0', 'c at 0'], 0])
})

test('one that cancels another while closing is obeyed', () => {
  const { log, waits, start, clock } = world()
  waits.start(5, () => waits.cancel(second))
  const second = start('b', 10)
  waits.close()
  expect([log, clock.pendingTimers]).toEqual([[], 0])
})
