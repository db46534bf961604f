import { expect, test } from 'vitest'
import { VirtualClock } from '../base/clock.ts'
import type { CircuitBreakers } from '../model/cluster.ts'
import { noLimits } from '../model/config.suite.ts'
import { Hedges } from './hedges.ts'
import { LatencyWindow } from './latency-window.ts'
import { Limits } from './limits.ts'

function hedges(thresholds: CircuitBreakers = noLimits): { it: Hedges; latencies: LatencyWindow; limits: Limits } {
  const clock = new VirtualClock()
  const latencies = new LatencyWindow(clock)
  const limits = new Limits(thresholds, clock)
  return {
    it: new Hedges({ percentile: 0.95, minDelayMs: 5, maxBlockedMs: 50 }, latencies, limits),
    latencies,
    limits,
  }
}

test('the delay is the percentile of what was measured, and nothing before enough was', () => {
  const { it, latencies } = hedges()
  expect(it.delayFor('GET')).toBeUndefined()
  for (let i = 1; i <= 100; i++) latencies.observe(i)
  expect(it.delayFor('GET')).toBeGreaterThanOrEqual(95)
  expect(it.delayFor('GET')).toBeLessThan(105)
})

test('it is never shorter than said', () => {
  const { it, latencies } = hedges()
  for (let i = 1; i <= 100; i++) latencies.observe(1)
  expect(it.delayFor('GET')).toBe(5)
})

test('what may not be repeated is not hedged', () => {
  const { it, latencies } = hedges()
  for (let i = 1; i <= 100; i++) latencies.observe(10)
  expect(['POST', 'PATCH', 'CONNECT', 'PUT', 'DELETE'].map((method) => it.delayFor(method) !== undefined)).toEqual([
    false,
    false,
    false,
    true,
    true,
  ])
})

test('at most half of the retry budget is spent on it; without one, half of the default', () => {
  const budget = hedges({ ...noLimits, retryBudget: { percent: 0.2, minRetryConcurrency: 3 } })
  budget.limits.requests = 100
  expect(Array.from({ length: 12 }, () => budget.it.tryHedge(0)).filter(Boolean)).toHaveLength(10)
  expect([budget.it.made, budget.it.refused, budget.limits.overflows]).toEqual([10, 2, 0])
  const none = hedges()
  expect(Array.from({ length: 5 }, () => none.it.tryHedge(0)).filter(Boolean)).toHaveLength(1)
  const few = hedges({ ...noLimits, maxRetries: 1 })
  few.limits.retries = 1
  expect(few.it.tryHedge(0)).toBe(false)
})

test('there is none while retries have spent their budget', () => {
  const { it, limits } = hedges({ ...noLimits, retryBudget: { percent: 0.2, minRetryConcurrency: 3 } })
  limits.requests = 20
  limits.retries = 2
  expect(it.tryHedge(0)).toBe(false)
})

test('there is none when this process was too slow itself', () => {
  const { it } = hedges()
  expect([it.tryHedge(51), it.tryHedge(50), it.refused]).toEqual([false, true, 1])
})
