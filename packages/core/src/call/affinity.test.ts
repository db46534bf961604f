// Calls to consistent balancers: what they turn on, through all their attempts, and what explain foresees.
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../model/config.suite.ts'
import type { LoadBalancer } from '../model/cluster.ts'
import type { HashPolicy } from '../model/policy.ts'
import type { FakeExchange } from './fake-exchange.suite.ts'
import { expectNothingLeft, retries, type World, worldOf } from './world.suite.ts'

afterEach(expectNothingLeft)

const ring: LoadBalancer = { kind: 'ringHash', minimumRingSize: 1_024 }
const maglev: LoadBalancer = { kind: 'maglev', tableSize: 65_537 }
const addresses = ['10.0.0.1:8080', '10.0.0.2:8080', '10.0.0.3:8080']

function worldWith(hashPolicies: readonly HashPolicy[], loadBalancer: LoadBalancer = ring, more = {}): Promise<World> {
  const action = forward('c', { hashPolicies, ...more })
  return worldOf(config([host(['a'], [route(action)])], [cluster('c', addresses, { loadBalancer })]))
}

const byHeader: HashPolicy = { kind: 'header', name: 'x-h' }
const byCookie: HashPolicy = { kind: 'cookie', name: 'c', ttlMs: 0, attributes: [] }

describe('a call', () => {
  test.each([
    ['ring hash', ring, ['10.0.0.2:8080', '10.0.0.3:8080', '10.0.0.2:8080']],
    ['Maglev', maglev, ['10.0.0.3:8080', '10.0.0.2:8080', '10.0.0.1:8080']],
  ] as const)('C111 by %s finds the endpoint of its key', async (_, loadBalancer, expected) => {
    const world = await worldWith([byHeader], loadBalancer)
    const found = ['jason', 'alice', 'user1'].map((key) => world.call('http://a/', { headers: { 'x-h': key } }))
    expect(found.map((it) => it.sent[0]?.endpoint)).toEqual(expected)
  })

  test('C112 without the header goes anywhere', async () => {
    const world = await worldWith([byHeader])
    const seen = new Set(Array.from({ length: 60 }, () => world.call('http://a/').sent[0]?.endpoint))
    expect(seen.size).toBe(3)
  })

  test('keeps its endpoint when retried, and moves on along the ring where it avoids those it had', async () => {
    const words = { headers: { 'x-h': 'jason' }, answers: [503, 200] }
    const endpointsOf = async (avoidPreviousHosts: boolean): Promise<unknown> => {
      const world = await worldWith([byHeader], ring, retries({ retryOn: ['5xx'], avoidPreviousHosts }))
      const it = world.call('http://a/', words)
      world.clock.advance(100)
      return it.sent.map((sent) => sent.endpoint)
    }
    expect(await endpointsOf(false)).toEqual(['10.0.0.2:8080', '10.0.0.2:8080'])
    expect(await endpointsOf(true)).toEqual(['10.0.0.2:8080', '10.0.0.1:8080'])
  })

  test('to a balancer that does not hash makes no cookie', async () => {
    const world = await worldWith([byCookie], { kind: 'roundRobin' })
    expect(world.call('http://a/').call.responseEdits).toEqual([])
    expect(world.mesh.explain({ url: 'http://a/' }).steps.map(({ what }) => what)).not.toContain('hash')
  })

  test('C113 whose cookie was made tells its caller once, also with an answer of the mesh', async () => {
    const world = await worldWith([byCookie])
    const first = world.call('http://a/', { answers: ['remoteReset'] })
    expect(first.replyHeader('set-cookie')).toMatch(/^c="[0-9a-f]{16}"; HttpOnly$/)
    const second = world.call('http://a/')
    expect(second.call.responseEdits).toEqual([])
    expect(second.header('cookie')).toEqual([first.replyHeader('set-cookie')?.split(';')[0]])
    expect(second.sent[0]?.endpoint).toBe(first.sent[0]?.endpoint)
  })
})

describe('explain', () => {
  test('says which policy yielded which key', async () => {
    const world = await worldWith([
      { kind: 'queryParameter', name: 'q' },
      { ...byHeader, terminal: true },
      { kind: 'sourceIp' },
    ])
    const told = (url: string, headers = {}): string[] =>
      world.mesh
        .explain({ url, headers })
        .steps.filter(({ what }) => what === 'hash')
        .map(({ text }) => text)
    expect(told('http://a/', { 'x-h': 'jason' })).toEqual([
      'query parameter q is absent',
      'header x-h is "jason"',
      'the key is bae90e0841dcabff',
    ])
    expect(told('http://a/?q=1')).toContain('header x-h is absent')
    const nothing = await worldWith([byHeader])
    expect(nothing.mesh.explain({ url: 'http://a/' }).steps.map(({ text }) => text)).toContain(
      'nothing to hash: any endpoint',
    )
  })

  test('names the endpoint that the next call uses, whatever it turns on', async () => {
    const policy = fc.constantFrom<HashPolicy>(
      byHeader,
      byCookie,
      { kind: 'sourceIp' },
      { kind: 'queryParameter', name: 'q' },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(ring, maglev, { kind: 'ringHash', minimumRingSize: 50, balanceFactor: 120 } as LoadBalancer),
        fc.array(policy, { maxLength: 3 }),
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 6 }),
        fc.array(fc.constantFrom('x', 'y', ''), { maxLength: 8 }),
        async (loadBalancer, hashPolicies, weights, keys) => {
          const endpoints = weights.map((weight, i) => endpoint(`10.0.0.${i}`, { weight }))
          const world = await worldOf(
            config([host(['a'], [route(forward('c', { hashPolicies }))])], [cluster('c', endpoints, { loadBalancer })]),
          )
          const under: FakeExchange[] = []
          for (const key of keys) {
            const url = `http://a/?q=${key}`
            const headers: Record<string, string> = key === '' ? {} : { 'x-h': key }
            const { outcome } = world.mesh.explain({ url, headers })
            const it = world.call(url, { headers, answers: ['hangs'] })
            expect(it.sent[0]?.endpoint).toBe(outcome.endpoint)
            under.push(it)
          }
          for (const it of under) it.cancel()
          await expectNothingLeft()
        },
      ),
      { numRuns: 40 },
    )
  })
})
