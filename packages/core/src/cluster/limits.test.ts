// Circuit breakers and retry budgets, SEMANTICS 5.6 and 8.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { VirtualClock } from '../base/clock.ts'
import { noLimits } from '../model/config.suite.ts'
import { Limits } from './limits.ts'
import { RetryAllowance } from './retry-budget.ts'

const limits = (more: Partial<typeof noLimits> = {}, clock = new VirtualClock()): Limits =>
  new Limits({ ...noLimits, ...more }, clock)

describe('limits', () => {
  test('C098 requests are admitted up to the limit, and again when one has left', () => {
    const it = limits({ maxRequests: 2 })
    expect([it.tryRequest(), it.tryRequest(), it.tryRequest()]).toEqual([true, true, false])
    it.requests--
    expect([it.tryRequest(), it.tryRequest()]).toEqual([true, false])
    expect(it.overflows).toBe(2)
  })

  test('C097 waiting requests are admitted up to the limit', () => {
    const it = limits({ maxPendingRequests: 1 })
    expect([it.tryPending(), it.tryPending(), it.pending, it.overflows]).toEqual([true, false, 1, 1])
  })

  test('connections beyond the limit are refused, which is no overflow; the first of a host is always allowed', () => {
    const it = limits({ maxConnections: 1 })
    expect([it.tryConnection(0), it.tryConnection(1), it.tryConnection(0)]).toEqual([true, false, true])
    expect([it.connections, it.overflows]).toEqual([2, 0])
  })

  test('C100 retries are admitted up to the limit', () => {
    const it = limits({ maxRetries: 1 })
    expect([it.tryRetry(), it.tryRetry(), it.retries, it.overflows]).toEqual([true, false, 1, 1])
  })

  test('new thresholds hold at once and keep what is counted', () => {
    const it = limits({ maxRequests: 3 })
    it.tryRequest()
    it.tryRequest()
    it.thresholds = { ...noLimits, maxRequests: 1 }
    expect([it.tryRequest(), it.requests]).toEqual([false, 2])
  })
})

describe('the retry budget', () => {
  const budget = { percent: 0.2, minRetryConcurrency: 3 }

  test('it replaces the limit of retries', () => {
    const it = limits({ maxRetries: 0, retryBudget: budget })
    expect([it.tryRetry(), it.tryRetry(), it.tryRetry(), it.tryRetry()]).toEqual([true, true, true, false])
  })

  test.each([
    [0.2, 10, 10, 4],
    [0.2, 24, 0, 4],
    [0.2, 25, 0, 5],
    [0.29, 100, 0, 29],
    [0.57, 50, 50, 57],
    [1, 3, 4, 7],
    [0, 100, 0, 3],
  ])('%f of %i active and %i pending requests allow %i retries', (percent, requests, pending, allowed) => {
    const it = limits({ retryBudget: { ...budget, percent } })
    it.requests = requests
    it.pending = pending
    while (it.tryRetry());
    expect(it.retries).toBe(allowed)
  })

  test('on any interleaving no retry is admitted beyond the budget', () => {
    const step = fc.constantFrom('request', 'response', 'pending', 'unpending', 'retry', 'retried')
    fc.assert(
      fc.property(fc.array(step), fc.integer({ min: 0, max: 100 }), fc.nat(4), (steps, percent, min) => {
        const it = limits({ retryBudget: { percent: percent / 100, minRetryConcurrency: min } })
        for (const each of steps) {
          if (each === 'request') it.tryRequest()
          else if (each === 'response') it.requests = Math.max(0, it.requests - 1)
          else if (each === 'pending') it.tryPending()
          else if (each === 'unpending') it.pending = Math.max(0, it.pending - 1)
          else if (each === 'retried') it.retries = Math.max(0, it.retries - 1)
          else {
            const before = it.retries
            const allowed = Math.max(Math.floor((percent * (it.requests + it.pending)) / 100), min)
            expect(it.tryRetry()).toBe(before < allowed)
            expect(it.retries).toBe(before < allowed ? before + 1 : before)
          }
        }
      }),
    )
  })

  test('with an interval the requests of that window count, whether they are over or not', () => {
    const clock = new VirtualClock()
    const it = limits({ retryBudget: { percent: 0.1, minRetryConcurrency: 0, intervalMs: 1_000 } }, clock)
    for (let i = 0; i < 50; i++) it.countRequest()
    const retries = (): number => {
      it.retries = 0
      while (it.tryRetry());
      return it.retries
    }
    expect(retries()).toBe(5)
    clock.advance(500)
    for (let i = 0; i < 50; i++) it.countRequest()
    expect(retries()).toBe(10)
    clock.advance(500)
    expect(retries()).toBe(5)
    clock.advance(500)
    expect(retries()).toBe(0)
  })

  test('a window long past counts for nothing', () => {
    const clock = new VirtualClock()
    const allowance = new RetryAllowance(clock)
    for (let i = 0; i < 100; i++) allowance.count(1_000)
    clock.advance(60_000)
    expect(allowance.allowed({ percent: 1, minRetryConcurrency: 2, intervalMs: 1_000 }, 1_000)).toBe(2)
  })
})
