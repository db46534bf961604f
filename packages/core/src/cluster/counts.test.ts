// What clusters count of their calls, SEMANTICS 13.5 (Envoy's upstream_rq_*).
import { afterEach, expect, test } from 'vitest'
import type { ClusterStatus } from '../mesh/status.ts'
import { expectNothingLeft, retries, simple, type World, worldOf } from '../call/world.suite.ts'
import { cluster, config, endpoint, forward, host, noLimits, outlierDetection, route } from '../model/config.suite.ts'

afterEach(expectNothingLeft)

function statusOf(world: World): ClusterStatus {
  return world.mesh.status().clusters.find(({ name }) => name === 'c')!
}

function countsOf(world: World): object {
  return Object.fromEntries(Object.entries(statusOf(world).counts).filter(([, count]) => count !== 0))
}

test('requests, retries and those that were worth it', async () => {
  const world = await simple(retries({ retryOn: ['5xx'], numRetries: 2, backoffMaxMs: 1 }))
  world.call('http://a/', { answers: [503, 200] })
  world.clock.advance(100)
  expect(countsOf(world)).toEqual({ requests: 2, retries: 1, retrySuccesses: 1 })
  world.call('http://a/', { answers: [503, 503, 503] })
  world.clock.advance(100)
  expect(countsOf(world)).toEqual({ requests: 5, retries: 3, retrySuccesses: 1, retryLimitExceeded: 1 })
})

test('what never was on a connection is no request', async () => {
  const world = await simple()
  world.call('http://a/', { answers: ['connectFailure'] })
  expect(countsOf(world)).toEqual({})
})

test('timeouts, of calls and of tries', async () => {
  const world = await simple({
    timeoutMs: 50,
    ...retries({ retryOn: ['5xx'], numRetries: 1, perTryTimeoutMs: 20, backoffMaxMs: 1 }),
  })
  world.call('http://a/', { answers: ['hangs'] })
  world.clock.advance(100)
  expect(countsOf(world)).toEqual({ requests: 2, retries: 1, retryLimitExceeded: 1, perTryTimeouts: 2 })
  const whole = await simple({ timeoutMs: 50 })
  whole.call('http://a/', { answers: ['hangs'] })
  whole.clock.advance(100)
  expect(countsOf(whole)).toEqual({ requests: 1, timeouts: 1 })
})

test('what limits refuse, apart', async () => {
  const circuitBreakers = { ...noLimits, maxRequests: 1, maxRetries: 0 }
  const c = cluster('c', ['10.0.0.1'], { circuitBreakers })
  const world = await worldOf(config([host(['a'], [route(forward('c', retries({ retryOn: ['5xx'] })))])], [c]))
  const first = world.call('http://a/', { answers: ['hangs'] })
  world.call('http://a/')
  expect([countsOf(world), statusOf(world).refused]).toEqual([
    { requests: 1 },
    { requests: 1, retries: 0, connections: 0 },
  ])
  first.cancel()
  world.call('http://a/', { answers: [503] })
  expect(statusOf(world).refused).toEqual({ requests: 1, retries: 1, connections: 0 })
})

test('ejections', async () => {
  const c = cluster('c', ['10.0.0.1', '10.0.0.2'], {
    outlierDetection: { ...outlierDetection, consecutive5xx: 1, maxEjectionPercent: 1 },
  })
  const world = await worldOf(config([host(['a'], [route(forward('c'))])], [c]))
  world.call('http://a/', { answers: [500] })
  expect(countsOf(world)).toEqual({ requests: 1, ejections: 1 })
})

test('picks in panic', async () => {
  const sick = ['10.0.0.1', '10.0.0.2'].map((address) => endpoint(address, { health: 'unhealthy' }))
  const c = cluster('c', sick, { panicThreshold: 0.5 })
  const world = await worldOf(config([host(['a'], [route(forward('c'))])], [c]))
  world.call('http://a/')
  expect(countsOf(world)).toEqual({ requests: 1, panicPicks: 1 })
})
