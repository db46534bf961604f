// What a call asks of its cluster's selection: other priorities on retries, and slow start of endpoints that come later.
import { afterEach, expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../model/config.suite.ts'
import { expectNothingLeft, retries, worldOf } from './world.suite.ts'

afterEach(expectNothingLeft)

const hosts = [endpoint('10.0.0.1'), endpoint('10.0.0.2', { priority: 1 }), endpoint('10.0.0.3', { priority: 2 })]

test.each([
  [true, ['10.0.0.1:80', '10.0.0.1:80', '10.0.0.2:80', '10.0.0.2:80', '10.0.0.3:80']],
  [false, Array.from({ length: 5 }, () => '10.0.0.1:80')],
])('5.4 with retryOtherPriorities %s four retries go to %j', async (retryOtherPriorities, expected) => {
  const policy = retries({ numRetries: 4, retryOn: ['5xx'], avoidPreviousHosts: false, retryOtherPriorities })
  const world = await worldOf(config([host(['a'], [route(forward('c', policy))])], [cluster('c', hosts)]))
  const it = world.call('http://a/', { answers: [500, 500, 500, 500, 200] })
  world.clock.advance(5_000)
  expect(it.sent.map((sent) => sent.endpoint)).toEqual(expected)
})

test('an endpoint that comes to a cluster with slow start gets its share bit by bit', async () => {
  const slowStart = { windowMs: 10_000, aggression: 1, minWeight: 0.1 }
  const world = (...addresses: string[]) =>
    config([host(['a'], [route(forward('c'))])], [cluster('c', addresses, { slowStart })])
  const it = await worldOf(world('10.0.0.1'))
  const shareOfNew = (): number => {
    const found = Array.from({ length: 200 }, () => it.call('http://a/').sent[0]?.endpoint)
    return found.filter((key) => key === '10.0.0.2:80').length / 200
  }
  shareOfNew()
  it.clock.advance(60_000)
  await it.apply(world('10.0.0.1', '10.0.0.2'))
  expect(shareOfNew()).toBeCloseTo(0.1 / 1.1, 1)
  it.clock.advance(5_000)
  expect(shareOfNew()).toBeCloseTo(0.5 / 1.5, 1)
  it.clock.advance(5_000)
  expect(shareOfNew()).toBe(0.5)
})
