// Calls of a cluster that adapts to what it measures: what is refused here, what is not retried, whose fault a timeout is.
import { afterEach, describe, expect, test } from 'vitest'
import type { AdaptivePolicy } from '../model/adaptive.ts'
import type { Cluster } from '../model/cluster.ts'
import { cluster, config, forward, host, outlierDetection, retryPolicy, route } from '../model/config.suite.ts'
import type { RetryPolicy } from '../model/policy.ts'
import type { Answer } from './fake-exchange.suite.ts'
import { expectNothingLeft, type World, type WorldOptions, worldOf } from './world.suite.ts'

afterEach(expectNothingLeft)

interface Words {
  readonly timeoutMs?: number
  readonly retry?: RetryPolicy
  readonly cluster?: Partial<Cluster>
  readonly options?: WorldOptions
}

function world(adaptive: AdaptivePolicy, words: Words = {}): Promise<World> {
  const c = cluster('c', ['10.0.0.1', '10.0.0.2'], { adaptive, ...words.cluster })
  const { retry, timeoutMs = 0 } = words
  const action = forward('c', { timeoutMs, ...(retry === undefined ? {} : { retry }) })
  return worldOf(config([host(['a'], [route(action)])], [c]), words.options)
}

const status = ({ mesh }: World) => mesh.status().clusters.find(({ name }) => name === 'c')?.adaptive
const took = (afterMs: number, code = 200): Answer => ({ status: code, afterMs })

describe('adaptive throttling', () => {
  const throttling = { k: 2, windowMs: 120_000, maxRejection: 0.9 }

  test('rejects here what a service would reject anyway, with a reply that says so', async () => {
    const it = await world({ throttling })
    const seen = Array.from({ length: 200 }, () => it.call('http://a/', { answers: [503] }))
    const rejected = seen.filter(({ replied }) => replied !== undefined)
    expect(rejected.length).toBeGreaterThan(150)
    expect(rejected[0]?.replied).toMatchObject({
      code: 'THROTTLED',
      status: 503,
      flag: 'UO',
      details: 'denied_by_admission_control',
      headers: ['x-envoy-overloaded', 'true'],
    })
    expect(rejected[0]?.sent).toEqual([])
    expect(status(it)?.throttling).toMatchObject({
      requests: 200,
      accepted: 0,
      rejecting: 0.9,
      rejections: rejected.length,
    })
  })

  test('knows an error of the application from a rejection', async () => {
    const it = await world({ throttling })
    for (let i = 0; i < 100; i++)
      expect(it.call('http://a/', { answers: [i % 2 === 0 ? 500 : 404] }).sent).toHaveLength(1)
    expect(status(it)?.throttling?.rejecting).toBe(0)
  })

  test('counts retries, and leaves out those it would reject: the last answer is passed on', async () => {
    const retry = { ...retryPolicy, retryOn: ['5xx'] } as const
    const it = await world({ throttling }, { retry })
    const calls = Array.from({ length: 30 }, () => {
      const call = it.call('http://a/', { answers: [503] })
      it.clock.advance(2_000)
      return call
    })
    expect(calls.every(({ seen }) => seen === 503)).toBe(true)
    expect(it.records.some(({ attempts, flags }) => attempts > 0 && flags === 'UO')).toBe(true)
    const sent = calls.reduce((sum, call) => sum + call.sent.length, 0)
    expect(sent).toBeLessThan(45)
  })

  test('does not hold it against a service when callers give up or limits of this side are reached', async () => {
    const it = await world(
      { throttling },
      { cluster: { circuitBreakers: { ...cluster('', []).circuitBreakers, maxRequests: 1 } } },
    )
    const open = it.call('http://a/', { answers: ['hangs'] })
    for (let i = 0; i < 20; i++) expect(it.call('http://a/').replied?.code).toBe('OVERFLOW')
    open.cancel()
    expect(status(it)?.throttling).toMatchObject({ requests: 21, accepted: 21 })
  })

  test('another configuration that says the same forgets nothing', async () => {
    const it = await world({ throttling })
    for (let i = 0; i < 50; i++) it.call('http://a/', { answers: [503] })
    const again = cluster('c', ['10.0.0.1'], { adaptive: { throttling: { ...throttling } } })
    await it.apply(config([host(['a'], [route(forward('c'))])], [again]))
    expect(status(it)?.throttling?.requests).toBe(50)
    const other = cluster('c', ['10.0.0.1'], { adaptive: { throttling: { ...throttling, k: 3 } } })
    await it.apply(config([host(['a'], [route(forward('c'))])], [other]))
    expect(status(it)?.throttling?.requests).toBe(0)
    await it.apply(config([host(['a'], [route(forward('c'))])], [cluster('c', ['10.0.0.1'])]))
    expect(status(it)).toBeNull()
  })
})

describe('adaptive concurrency', () => {
  test('rejects what is more than the limit, and finds the limit from the latency', async () => {
    const it = await world({ concurrency: { initial: 3, min: 1, max: 100, tolerance: 1.5, windowMs: 1_000 } })
    const open = Array.from({ length: 4 }, () => it.call('http://a/', { answers: ['hangs'] }))
    expect(open.map(({ replied }) => replied?.code)).toEqual([undefined, undefined, undefined, 'CONCURRENCY_LIMIT'])
    expect(open[3]?.replied).toMatchObject({ status: 503, flag: 'UO', details: 'reached_concurrency_limit' })
    for (const call of open.slice(0, 3)) call.cancel()
    for (let i = 0; i < 300; i++) {
      for (let n = 0; n < (status(it)?.concurrency?.limit ?? 0); n++) it.call('http://a/', { answers: [took(20)] })
      it.clock.advance(100)
    }
    expect(status(it)?.concurrency?.limit).toBeGreaterThan(10)
  })
})

describe('retries in time', () => {
  const retry: RetryPolicy = { ...retryPolicy, retryOn: ['5xx'], backoffBaseMs: 1, backoffMaxMs: 1 }

  test('are left out when the median says that they cannot end before the deadline', async () => {
    const it = await world({ retriesInTime: true }, { retry, timeoutMs: 500 })
    for (let i = 0; i < 30; i++) it.call('http://a/', { answers: [took(300)] })
    it.clock.advance(1_000)
    const late = it.call('http://a/', { answers: [took(300, 503), 200] })
    it.clock.advance(1_000)
    expect([late.sent.length, late.seen, it.record.flags]).toEqual([1, 503, 'URX'])
    const early = it.call('http://a/', { answers: [took(100, 503), took(300)] })
    it.clock.advance(1_000)
    expect([early.sent.length, early.seen]).toEqual([2, 200])
    expect(status(it)).toMatchObject({ retriesTooLate: 1 })
  })

  test('are made while nothing is known, and without a deadline', async () => {
    const it = await world({ retriesInTime: true }, { retry, timeoutMs: 500 })
    const call = it.call('http://a/', { answers: [took(400, 503), 200] })
    it.clock.advance(1_000)
    expect(call.sent).toHaveLength(2)
    const other = await world({ retriesInTime: true }, { retry })
    for (let i = 0; i < 30; i++) other.call('http://a/', { answers: [took(300)] })
    other.clock.advance(1_000)
    const endless = other.call('http://a/', { answers: [took(3_000, 503), 200] })
    other.clock.advance(5_000)
    expect(endless.sent).toHaveLength(2)
  })
})

describe('event loop correction', () => {
  const loopCorrection = { maxGraceMs: 1_000 }
  const retry: RetryPolicy = {
    ...retryPolicy,
    retryOn: ['5xx'],
    perTryTimeoutMs: 100,
    backoffBaseMs: 1,
    backoffMaxMs: 1,
  }
  const once = { ...outlierDetection, consecutive5xx: 1 }

  /** A loop that a test blocks. */
  function loop(): { ms: number; blockedMs(): number } {
    return { ms: 0, blockedMs: () => eventLoop.ms }
  }
  let eventLoop = loop()

  function blocked(more: Words = {}): Promise<World> {
    eventLoop = loop()
    return world({ loopCorrection }, { ...more, options: { eventLoop } })
  }

  test('puts a deadline off by what was blocked: the answer that lay there is read', async () => {
    const it = await blocked({ retry, cluster: { outlierDetection: once } })
    const call = it.call('http://a/', { answers: [took(120)] })
    eventLoop.ms = 90
    it.clock.advance(200)
    expect([call.sent.length, call.seen]).toEqual([1, 200])
    expect(status(it)?.timeoutsPutOff).toBe(1)
  })

  test('once: an endpoint that does not answer then is to blame', async () => {
    const it = await blocked({ retry, cluster: { outlierDetection: once } })
    const call = it.call('http://a/', { answers: ['hangs', 200] })
    eventLoop.ms = 90
    it.clock.advance(189)
    expect(call.sent).toHaveLength(1)
    it.clock.advance(20)
    expect([call.sent.length, call.seen]).toEqual([2, 200])
    expect(it.mesh.status().clusters.find(({ name }) => name === 'c')?.ejectionsActive).toBe(1)
  })

  test('what was blocked for longer than is made up for counts against nobody', async () => {
    const it = await blocked({ timeoutMs: 100, cluster: { outlierDetection: once } })
    const call = it.call('http://a/', { answers: ['hangs'] })
    eventLoop.ms = 1_500
    it.clock.advance(100)
    expect(call.seen).toBeUndefined()
    it.clock.advance(1_000)
    expect(call.seen).toBe(504)
    expect(it.mesh.status().clusters.find(({ name }) => name === 'c')?.ejectionsActive).toBe(0)
  })

  test('its own delay is no latency of an endpoint', async () => {
    const it = await blocked({ cluster: { loadBalancer: { kind: 'peakEwma', decayMs: 10_000, failurePenalty: 10 } } })
    const call = it.call('http://a/', { answers: [took(400)] })
    eventLoop.ms = 380
    it.clock.advance(400)
    const { latency } = it.endpoint('c', call.sent[0]?.endpoint ?? '')
    expect(latency?.expectedMs(it.clock.now(), 10_000)).toBeCloseTo(20)
  })

  test('without the policy a deadline is a deadline', async () => {
    eventLoop = loop()
    const it = await world({ retriesInTime: true }, { timeoutMs: 100, options: { eventLoop } })
    const call = it.call('http://a/', { answers: [took(120)] })
    eventLoop.ms = 90
    it.clock.advance(100)
    expect(call.seen).toBe(504)
  })
})

test('explain tells what would be decided, and who said so', async () => {
  const it = await world(
    {
      throttling: { k: 2, windowMs: 120_000, maxRejection: 0.9 },
      concurrency: { initial: 20, min: 5, max: 200, tolerance: 1.5, windowMs: 1_000 },
      retriesInTime: true,
      loopCorrection: { maxGraceMs: 1_000 },
    },
    {
      cluster: { origins: { throttling: { resource: 'DestinationRule a/b', path: 'metadata.annotations["x"]' } } },
      options: { eventLoop: { blockedMs: () => 0 } },
    },
  )
  for (let i = 0; i < 10; i++) it.call('http://a/', { answers: [took(20)] })
  const steps = (): string[] =>
    it.mesh
      .explain({ url: 'http://a/' })
      .steps.filter(({ what }) => ['throttling', 'concurrency', 'retries', 'event loop'].includes(what))
      .map(({ what, text, setBy }) => `${what}: ${text}${setBy === undefined ? '' : ` (${setBy})`}`)
  expect(steps()).toContain('concurrency: 10 of at most 20 requests under way')
  it.clock.advance(100)
  for (let i = 0; i < 20; i++) it.call('http://a/', { answers: [took(20)] })
  it.clock.advance(100)
  expect(steps()).toEqual([
    'retries: none (test)',
    'throttling: 0 % of calls are rejected here: of 30 in the last 120 s 30 were accepted (DestinationRule a/b metadata.annotations["x"])',
    'concurrency: 0 of at most 20 requests under way',
    'retries: only while 21 ms are left, the median of the last minute',
    'event loop: deadlines are put off by the time this process is blocked, 1000 ms at most',
  ])
})
