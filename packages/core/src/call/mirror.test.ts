// Copies of calls, SEMANTICS 3.11.
import { afterEach, expect, test } from 'vitest'
import { cluster, config, forward, host, route } from '../model/config.suite.ts'
import type { ForwardAction } from '../model/route.ts'
import type { MirrorPolicy } from '../model/policy.ts'
import { expectNothingLeft, retries, type World, type WorldOptions, worldOf } from './world.suite.ts'

afterEach(expectNothingLeft)

const mirror = (more: Partial<MirrorPolicy> = {}): MirrorPolicy => ({
  cluster: 'm',
  percent: { numerator: 1_000_000 },
  shadowHostSuffix: false,
  ...more,
})

function mirrored(
  mirrors: readonly MirrorPolicy[],
  more: Partial<ForwardAction> = {},
  options?: WorldOptions,
): Promise<World> {
  const clusters = [cluster('c', ['10.0.0.1']), cluster('m', ['10.1.0.1'])]
  return worldOf(config([host(['a'], [route(forward('c', { mirrors, ...more }))])], clusters), options)
}

test('C065 a copy goes to its cluster with the final path, headers and Host', async () => {
  const requestHeaders = { remove: ['x-gone'], set: [{ name: 'x-set', value: '1' }], add: [] }
  const rewrite = { kind: 'prefix', value: '/v1/' } as const
  const world = await mirrored([mirror()], { requestHeaders, rewrite, hostRewrite: 'inner:81' })
  const it = world.call('http://a:9080/x?q', { headers: { 'x-gone': '1', 'x-kept': '2' }, method: 'POST' })
  const [copy] = it.copies
  expect(copy?.sent[0]).toMatchObject({ endpoint: '10.1.0.1:80', path: '/v1/x?q', authority: 'inner:81' })
  expect(copy?.view.method).toBe('POST')
  expect([copy?.header('x-gone'), copy?.header('x-kept'), copy?.header('x-set')]).toEqual([[], ['2'], ['1']])
  expect(copy?.header('x-envoy-attempt-count')).toEqual(['1'])
})

test('C065 older meshes add -shadow before the port', async () => {
  const world = await mirrored([mirror({ shadowHostSuffix: true })])
  expect(world.call('http://reviews.a:9080/').copies).toEqual([])
  expect(world.call('http://a:9080/').copies[0]?.sent[0]?.authority).toBe('a-shadow:9080')
  expect(world.call('http://a/').copies[0]?.sent[0]?.authority).toBe('a-shadow')
})

test('C065 the caller does not notice what becomes of the copy, and nobody hears of it', async () => {
  const world = await mirrored([mirror()])
  for (const answer of [500, 'connectFailure', 'hangs', 'overflow'] as const) {
    const it = world.call('http://a/', { copyAnswers: [answer] })
    expect([it.seen, it.complete]).toEqual([200, true])
    if (answer === 'hangs') it.copies[0]?.cancel()
  }
  expect(world.records.map(({ cluster: name, status }) => [name, status])).toEqual(Array(4).fill(['c', 200]))
})

test('C066 copies are drawn by their chance, each on its own', async () => {
  const world = await mirrored([mirror({ percent: { numerator: 250_000 } }), mirror({ percent: { numerator: 0 } })])
  let copies = 0
  for (let i = 0; i < 1_000; i++) copies += world.call('http://a/').copies.length
  expect(Math.abs(copies - 250)).toBeLessThan(50)
})

test('several policies make several copies', async () => {
  const world = await mirrored([mirror(), mirror({ cluster: 'c' })])
  const it = world.call('http://a/')
  expect(it.copies.map((copy) => copy.sent[0]?.endpoint)).toEqual(['10.1.0.1:80', '10.0.0.1:80'])
})

test('C067 a copy for a cluster that is missing is not sent', async () => {
  const world = await mirrored([mirror({ cluster: 'nowhere' })])
  const it = world.call('http://a/')
  expect([it.seen, it.copies[0]?.sent]).toEqual([200, []])
})

test('C068 an abort makes no copy', async () => {
  const fault = { abort: { httpStatus: 500, percent: { numerator: 1_000_000 } } }
  const world = await mirrored([mirror()], { fault })
  expect(world.call('http://a/').copies).toEqual([])
})

test('a copy has the timeout of the route and no retries', async () => {
  const world = await mirrored([mirror()], { timeoutMs: 200, ...retries({ retryOn: ['5xx'] }) })
  const failing = world.call('http://a/', { copyAnswers: [503] })
  const hanging = world.call('http://a/', { copyAnswers: ['hangs'] })
  world.clock.advance(10_000)
  expect(failing.copies[0]?.sent).toHaveLength(1)
  expect(hanging.copies[0]?.replied?.status).toBe(504)
})

test("a trusted caller's retry headers do not reach the copy, its timeout does", async () => {
  const world = await mirrored([mirror()], { timeoutMs: 200 }, { settings: { trustRequestHeaders: true } })
  const headers = { 'x-envoy-retry-on': '5xx', 'x-envoy-max-retries': '3', 'x-envoy-upstream-rq-timeout-ms': '500' }
  const failing = world.call('http://a/', { headers, copyAnswers: [503] })
  const hanging = world.call('http://a/', { headers, copyAnswers: ['hangs'] })
  world.clock.advance(499)
  expect([failing.copies[0]?.sent.length, hanging.copies[0]?.replied]).toEqual([1, undefined])
  world.clock.advance(1)
  expect(hanging.copies[0]?.replied?.status).toBe(504)
})

test('a copy waits for the end of the request', async () => {
  const world = await mirrored([mirror()])
  const it = world.call('http://a/', { body: 'streaming', answers: ['hangs'] })
  expect(it.copies).toEqual([])
  it.finishBody()
  expect(it.copies).toHaveLength(1)
  it.cancel()
})

test('a request that cannot be copied is sent without', async () => {
  const world = await mirrored([mirror()])
  const it = world.call('http://a/', { copyable: false })
  expect([it.seen, it.copies]).toEqual([200, []])
})

test('a retry makes no further copy', async () => {
  const world = await mirrored([mirror()], retries({ retryOn: ['5xx'] }))
  const it = world.call('http://a/', { answers: [503, 200] })
  world.clock.advance(100)
  expect([it.sent.length, it.copies.length]).toEqual([2, 1])
})

test('a call that finds no endpoint makes no copy', async () => {
  const clusters = [cluster('c', []), cluster('m', ['10.1.0.1'])]
  const world = await worldOf(config([host(['a'], [route(forward('c', { mirrors: [mirror()] }))])], clusters))
  expect(world.call('http://a/').copies).toEqual([])
})

test('copies count in the limits of their cluster', async () => {
  const world = await mirrored([mirror()])
  const it = world.call('http://a/', { copyAnswers: ['hangs'] })
  expect(world.mesh.cluster('m')?.limits.requests).toBe(1)
  it.copies[0]?.cancel()
})
