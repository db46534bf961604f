// Long work in pieces.
import { expect, test } from 'vitest'
import { VirtualClock } from './clock.ts'
import { Slices, type Sliced } from './slices.ts'

class Work implements Sliced {
  done = 0
  readonly #steps: number

  constructor(steps: number) {
    this.#steps = steps
  }

  step(): boolean {
    return ++this.done === this.#steps
  }
}

function turn(clock: VirtualClock): void {
  clock.advance(1)
}

test('nothing is done at once, a bounded number of pieces each turn', () => {
  const clock = new VirtualClock()
  const slices = new Slices(clock)
  const work = new Work(40)
  slices.add(work)
  expect(work.done).toBe(0)
  const after = [1, 2, 3, 4].map(() => {
    turn(clock)
    return work.done
  })
  expect(after).toEqual([16, 32, 40, 40])
  expect(clock.pendingTimers).toBe(0)
})

test('what is begun at once and takes no longer than a turn needs no other turn', () => {
  const clock = new VirtualClock()
  const slices = new Slices(clock)
  const short = new Work(16)
  slices.begin(short)
  expect([short.done, clock.pendingTimers]).toEqual([16, 0])
  const [long, next] = [new Work(20), new Work(1)]
  slices.begin(long)
  slices.begin(next)
  expect([long.done, next.done]).toEqual([16, 0])
  turn(clock)
  expect([long.done, next.done, clock.pendingTimers]).toEqual([20, 1, 0])
})

test('a turn ends when its time is over', () => {
  let now = 0
  const fires: (() => void)[] = []
  const clock = {
    now: () => now,
    wallNow: () => 0,
    setTimer: (_: number, fire: () => void) => fires.push(fire),
    clearTimer: () => undefined,
  }
  const slices = new Slices(clock)
  const work = new Work(100)
  slices.add({
    step: () => {
      now += 1.5
      return work.step()
    },
  })
  fires.shift()?.()
  expect(work.done).toBe(3)
})

test('what is begun when a turn is used up waits for the next one', () => {
  let now = 0
  const fires: (() => void)[] = []
  const clock = {
    now: () => now,
    wallNow: () => 0,
    setTimer: (_: number, fire: () => void) => fires.push(fire),
    clearTimer: () => undefined,
  }
  const slices = new Slices(clock)
  const done: number[] = []
  const take = (n: number, ms: number): void => {
    slices.begin({
      step: () => {
        now += ms
        done.push(n)
        return true
      },
    })
  }
  take(1, 3)
  take(2, 3)
  take(3, 3)
  expect([done, fires.length]).toEqual([[1, 2], 1])
  fires.shift()?.()
  expect(done).toEqual([1, 2, 3])
  take(4, 1)
  take(5, 1)
  expect([done, fires.length]).toEqual([[1, 2, 3, 4], 1])
  fires.shift()?.()
  now += 2
  take(6, 4)
  expect(done).toEqual([1, 2, 3, 4, 5, 6])
})

test('work that throws is done with, and holds up no other', () => {
  const clock = new VirtualClock()
  const slices = new Slices(clock)
  const work = new Work(1)
  const broken = {
    step: () => {
      throw new Error('broken')
    },
  }
  expect(() => slices.begin(broken)).toThrow('broken')
  slices.begin(work)
  expect(work.done).toBe(1)
})

test('pieces of work are done one after the other, in their order', () => {
  const clock = new VirtualClock()
  const slices = new Slices(clock)
  const first = new Work(10)
  const second = new Work(10)
  slices.add(first)
  slices.add(second)
  slices.drop(first)
  slices.add(first)
  while (second.done < 10) turn(clock)
  expect(first.done).toBeLessThan(10)
  while (clock.pendingTimers > 0) turn(clock)
  expect(first.done).toBe(10)
})

test('work that is dropped is not gone on with, and no timer is left', () => {
  const clock = new VirtualClock()
  const slices = new Slices(clock)
  const work = new Work(10)
  slices.add(work)
  slices.drop(work)
  slices.drop(work)
  expect(clock.pendingTimers).toBe(0)
  slices.add(work)
  slices.close()
  turn(clock)
  expect([work.done, clock.pendingTimers]).toEqual([0, 0])
})
