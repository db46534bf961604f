// A second attempt beside a first that takes longer than most: when it is made, who wins, what becomes of the other.
import { afterEach, describe, expect, test } from 'vitest'
import type { AdaptivePolicy } from '../model/adaptive.ts'
import type { Cluster } from '../model/cluster.ts'
import { cluster, config, forward, host, outlierDetection, retryPolicy, route } from '../model/config.suite.ts'
import type { ForwardAction } from '../model/route.ts'
import type { Answer, CallWords, FakeExchange } from './fake-exchange.suite.ts'
import { expectNothingLeft, type World, type WorldOptions, worldOf } from './world.suite.ts'

afterEach(expectNothingLeft)

const hedging = { percentile: 0.95, minDelayMs: 1, maxBlockedMs: 50 }
const took = (afterMs: number, status = 200): Answer => ({ status, afterMs })

interface Words {
  readonly adaptive?: AdaptivePolicy
  readonly cluster?: Partial<Cluster>
  readonly action?: Partial<ForwardAction>
  readonly endpoints?: readonly string[]
  readonly options?: WorldOptions
}

/** A mesh that has seen a hundred answers after 20 ms. */
async function warm({ adaptive, action, options, endpoints, ...words }: Words = {}): Promise<World> {
  const c = cluster('c', endpoints ?? ['10.0.0.1', '10.0.0.2', '10.0.0.3'], {
    adaptive: { hedging, ...adaptive },
    ...words.cluster,
  })
  const world = await worldOf(config([host(['a'], [route(forward('c', action))])], [c]), options)
  for (let i = 0; i < 100; i++) {
    world.call('http://a/', { answers: [took(20)] })
    world.clock.advance(20)
  }
  return world
}

const call = (world: World, answers: readonly Answer[], more: CallWords = {}): FakeExchange =>
  world.call('http://a/', { answers, hedges: true, ...more })
const status = ({ mesh }: World) => mesh.status().clusters.find(({ name }) => name === 'c')?.adaptive?.hedging

test('a call that takes longer than 95 of 100 gets another attempt elsewhere, whose answer is taken', async () => {
  const world = await warm()
  const it = call(world, ['hangs', took(20)])
  world.clock.advance(20)
  expect(it.sent).toHaveLength(1)
  world.clock.advance(3)
  expect(it.sent).toHaveLength(2)
  expect(it.sent[0]?.endpoint).not.toBe(it.sent[1]?.endpoint)
  world.clock.advance(20)
  expect([it.seen, it.aborted, it.complete]).toEqual([200, 1, true])
  expect(world.record).toMatchObject({ attempts: 2, status: 200, flags: '-', endpoint: it.sent[1]?.endpoint })
  expect(status(world)).toMatchObject({ made: 1, won: 1, refused: 0 })
  expect(status(world)?.delayMs).toBeGreaterThanOrEqual(20)
})

test('the first may still win; then the second is stopped', async () => {
  const world = await warm()
  const it = call(world, [took(30), 'hangs'])
  world.clock.advance(30)
  expect([it.sent.length, it.seen, it.aborted]).toEqual([2, 200, 1])
  expect(world.record.endpoint).toBe(it.sent[0]?.endpoint)
  expect(status(world)).toMatchObject({ made: 1, won: 0 })
})

test('one that fails leaves the call to the other', async () => {
  const world = await warm()
  const first = call(world, [{ fails: 'remoteReset', afterMs: 25 }, took(20)])
  world.clock.advance(50)
  expect([first.sent.length, first.seen]).toEqual([2, 200])
  const second = call(world, [took(40), 'connectFailure'])
  world.clock.advance(50)
  expect([second.sent.length, second.seen]).toEqual([2, 200])
})

test('when both fail the call has failed', async () => {
  const world = await warm()
  const it = call(world, [
    { fails: 'remoteReset', afterMs: 25 },
    { fails: 'remoteReset', afterMs: 20 },
  ])
  world.clock.advance(100)
  expect([it.sent.length, it.seen]).toEqual([2, 503])
})

test('both are given up at the deadline, or with the caller', async () => {
  const world = await warm({ action: { timeoutMs: 100 } })
  const late = call(world, ['hangs', 'hangs'])
  world.clock.advance(100)
  expect([late.sent.length, late.seen, late.aborted]).toEqual([2, 504, 2])
  const left = call(world, ['hangs', 'hangs'])
  world.clock.advance(50)
  left.cancel()
  expect([left.sent.length, left.aborted]).toEqual([2, 2])
})

test('each ends with its own per-try timeout', async () => {
  const retry = { ...retryPolicy, perTryTimeoutMs: 50 }
  const world = await warm({ action: { retry } })
  const second = call(world, ['hangs', took(40)])
  world.clock.advance(49)
  expect([second.sent.length, second.aborted]).toEqual([2, 0])
  world.clock.advance(1)
  expect([second.seen, second.aborted]).toEqual([undefined, 1])
  world.clock.advance(20)
  expect(second.seen).toBe(200)
  const neither = call(world, ['hangs', 'hangs'])
  world.clock.advance(50)
  expect([neither.seen, neither.aborted]).toEqual([undefined, 1])
  world.clock.advance(50)
  expect([neither.seen, neither.aborted]).toEqual([504, 2])
})

test('one that passed its per-try timeout may still win where the policy hedges on that too', async () => {
  const retry = { ...retryPolicy, retryOn: ['5xx'], perTryTimeoutMs: 50, hedgeOnPerTryTimeout: true } as const
  const world = await warm({ action: { retry } })
  const it = call(world, [took(60), 'hangs', 'hangs'])
  world.clock.advance(59)
  expect(it.sent).toHaveLength(2)
  world.clock.advance(10)
  expect([it.seen, it.aborted]).toEqual([200, 1])
})

test('copies are not hedged', async () => {
  const mirrors = [{ cluster: 'c', percent: { numerator: 1e6 }, shadowHostSuffix: false }]
  const world = await warm({ action: { mirrors } })
  const it = call(world, [took(10)], { copyAnswers: ['hangs'] })
  world.clock.advance(100)
  expect(it.copies.map(({ sent }) => sent.length)).toEqual([1])
  it.copies[0]?.cancel()
})

test('at the deadline the timeout counts against both endpoints', async () => {
  const once = { ...outlierDetection, consecutive5xx: 1 }
  const world = await warm({ action: { timeoutMs: 100 }, cluster: { outlierDetection: once } })
  call(world, ['hangs', 'hangs'])
  world.clock.advance(100)
  expect(world.mesh.status().clusters.find(({ name }) => name === 'c')?.ejectionsActive).toBe(2)
})

test('a bad answer of one does not end what the policy would retry', async () => {
  const retry = { ...retryPolicy, retryOn: ['5xx'] } as const
  const world = await warm({ action: { retry } })
  const it = call(world, [took(25, 503), took(30)])
  world.clock.advance(100)
  expect([it.sent.length, it.seen]).toEqual([2, 200])
})

describe('there is none', () => {
  async function none(words: Words, more: CallWords = {}, prepare?: (world: World) => void): Promise<void> {
    const world = await warm(words)
    prepare?.(world)
    const it = call(world, [took(500)], more)
    world.clock.advance(1_000)
    expect([it.sent.length, it.seen]).toEqual([1, 200])
  }

  test('for methods that may not be repeated', () => none({}, { method: 'POST' }))

  test('where the request cannot be sent again', () => none({}, { replayable: false }))

  test('where there is no other endpoint', () => none({ endpoints: ['10.0.0.1'] }))

  test('while the retry budget is low', () =>
    none({}, {}, ({ mesh }) => {
      const { limits } = mesh.cluster('c')!
      limits.retries = 2
      mesh.clock.setTimer(900, () => (limits.retries = 0), true)
    }))

  test('when this process was blocked meanwhile', async () => {
    let blockedMs = 0
    const world = await warm({ options: { eventLoop: { blockedMs: () => blockedMs } } })
    const it = call(world, [took(500)])
    blockedMs = 60
    world.clock.advance(1_000)
    expect(it.sent).toHaveLength(1)
    expect(status(world)?.refused).toBe(1)
  })

  test('before enough is known', async () => {
    const c = cluster('c', ['10.0.0.1', '10.0.0.2'], { adaptive: { hedging } })
    const world = await worldOf(config([host(['a'], [route(forward('c'))])], [c]))
    const it = call(world, [took(500)])
    world.clock.advance(1_000)
    expect(it.sent).toHaveLength(1)
  })

  test('when the throttle would reject it', async () => {
    const world = await warm({ adaptive: { throttling: { k: 2, windowMs: 120_000, maxRejection: 1 } } })
    const it = call(world, [took(500)])
    for (let i = 0; i < 20_000; i++) call(world, [503])
    world.clock.advance(1_000)
    expect([it.sent.length, it.seen, status(world)?.made]).toEqual([1, 200, 1])
  })
})

test('a slow attempt that was outrun counts as slow: the delay does not creep down', async () => {
  const world = await warm()
  for (let i = 0; i < 400; i++) {
    const it = call(world, [took(i % 10 === 0 ? 400 : 20), took(20)])
    world.clock.advance(500)
    expect(it.seen).toBe(200)
  }
  expect(status(world)?.made).toBe(40)
  expect(status(world)?.delayMs).toBeGreaterThan(20)
})
