// Calls that a cluster's configuration says are to be dropped (EDS drop_overloads), and clusters that a request names itself.
import { afterEach, describe, expect, test } from 'vitest'
import { cluster, config, forward, host, route } from '../model/config.suite.ts'
import { expectNothingLeft, retries, type World, worldOf } from './world.suite.ts'

afterEach(expectNothingLeft)

const always = { numerator: 1_000_000 }

async function dropping(...drops: readonly { category: string; numerator: number }[]): Promise<World> {
  const policies = drops.map(({ category, numerator }) => ({ category, percent: { numerator } }))
  const c = cluster('c', ['10.0.0.1'], { drops: policies })
  return worldOf(config([host(['a'], [route(forward('c', retries({ retryOn: ['5xx'] })))])], [c]))
}

describe('drops', () => {
  test('of all calls are told as unconditional, sent nowhere and not retried', async () => {
    const world = await dropping({ category: 'throttle', numerator: 1_000_000 })
    const it = world.call('http://a/')
    expect(it.replied).toMatchObject({ code: 'DROPPED', status: 503, body: 'unconditional drop overload' })
    expect(world.record).toMatchObject({
      flags: 'UDO',
      attempts: 0,
      details: 'unconditional_drop_overload',
      service: { host: 'c' },
    })
    const grpc = world.call('http://a/', { headers: { 'content-type': 'application/grpc' } })
    expect([grpc.seen, grpc.replyHeader('grpc-status')]).toEqual([200, '14'])
  })

  test('are drawn category by category and counted by them', async () => {
    const world = await dropping({ category: 'one', numerator: 500_000 }, { category: 'two', numerator: 500_000 })
    const seen = Array.from({ length: 4_000 }, () => world.call('http://a/').seen)
    expect(world.record.flags === 'DO' || world.record.status === 200).toBe(true)
    const { one = 0, two = 0 } = world.mesh.status().clusters.find(({ name }) => name === 'c')?.dropped ?? {}
    expect(one + two).toBe(seen.filter((status) => status === 503).length)
    expect(one).toBeGreaterThan(1_850)
    expect(one).toBeLessThan(2_150)
    expect(two).toBeGreaterThan(850)
    expect(two).toBeLessThan(1_150)
  })

  test('come and go with the configuration, and what was counted stays', async () => {
    const world = await dropping({ category: 'x', numerator: 1_000_000 })
    world.call('http://a/')
    const hosts = [host(['a'], [route(forward('c'))])]
    await world.apply(config(hosts, [cluster('c', ['10.0.0.1'])]))
    expect(world.call('http://a/').seen).toBe(200)
    await world.apply(config(hosts, [cluster('c', ['10.0.0.1'], { drops: [{ category: 'x', percent: always }] })]))
    world.call('http://a/')
    expect(world.mesh.status().clusters.find(({ name }) => name === 'c')?.dropped).toEqual({ x: 2 })
  })
})

describe('a cluster that the request names', () => {
  const named = async (): Promise<World> => {
    const clusters = [{ cluster: '', weight: 1, clusterHeader: 'x-cluster' }]
    const hosts = [host(['a'], [route(forward('', { clusters }))])]
    return worldOf(config(hosts, [cluster('c', ['10.0.0.1']), cluster('d', ['10.0.0.2'])]))
  }

  test('takes the call', async () => {
    const world = await named()
    for (const [name, endpoint] of [
      ['c', '10.0.0.1:80'],
      ['d', '10.0.0.2:80'],
    ] as const) {
      world.call('http://a/', { headers: { 'x-cluster': name } })
      expect(world.record).toMatchObject({ cluster: name, endpoint, status: 200 })
    }
  })

  test('that does not exist, or is not named, is no cluster', async () => {
    const world = await named()
    for (const headers of [{}, { 'x-cluster': 'e' }]) {
      expect(world.call('http://a/', { headers }).seen).toBe(503)
      expect(world.record.flags).toBe('NC')
    }
  })

  test('is explained', async () => {
    const world = await named()
    const { outcome } = world.mesh.explain({ url: 'http://a/', headers: { 'x-cluster': 'd' } })
    expect(outcome).toMatchObject({ cluster: 'd', endpoint: '10.0.0.2:80' })
  })
})
