// The hash of a request and the cookies that keep it, SEMANTICS 6.6 and appendix B.
import { describe, expect, test } from 'vitest'
import { VirtualClock } from '../base/clock.ts'
import { SeededRandom } from '../base/random.ts'
import type { HashPolicy } from '../model/policy.ts'
import { Affinity, exchangeCookies } from './affinity.ts'
import type { FormatContext } from './format.ts'
import { hashRequest, hexOf, type RequestHash } from './hash-key.ts'
import type { HeaderList } from './header-list.ts'
import type { Matchable } from './request-view.ts'
import { viewOf } from './request.suite.ts'

type Headers = Readonly<Record<string, string | readonly string[]>>

function requestOf(headers: Headers = {}, query?: string): Matchable {
  return { view: viewOf('http://a/x', { headers }), path: '/x', query, dice: () => 0 }
}

const affinity = new Affinity(new VirtualClock(), new SeededRandom(1))

function hashOf(policies: readonly HashPolicy[], request: Matchable): string | undefined {
  const hash = hashRequest(policies, request, affinity, new SeededRandom(2))
  return hash && hexOf(hash)
}

const header = (name: string, terminal = false): HashPolicy => ({ kind: 'header', name, terminal })
const cookie = (more: object = {}): HashPolicy => ({ kind: 'cookie', name: 'c', attributes: [], ...more })

const a = 'd24ec4f1a98c6e5b'
const jason = 'bae90e0841dcabff'

describe('what is hashed', () => {
  test.each<[string, HashPolicy, Headers, string | undefined, string | undefined]>([
    ['C111 a header', header('x-h'), { 'x-h': 'jason' }, undefined, jason],
    ['C112 an absent header', header('x-h'), {}, undefined, undefined],
    ['an empty header, which is there', header('x-h'), { 'x-h': '' }, undefined, 'ef46db3751d8e999'],
    [
      'a header of several lines, sorted and chained',
      header('x-h'),
      { 'x-h': ['b', 'a'] },
      undefined,
      '76d9a1916ddca8e6',
    ],
    ['bytes beyond ASCII as they are on the wire', header('x-h'), { 'x-h': 'Zo\u00eb' }, undefined, '068f57d3655b039c'],
    ['the first raw value of a query parameter', { kind: 'queryParameter', name: 'q' }, {}, 'p=1&q=jason&q=x', jason],
    ['an absent query parameter', { kind: 'queryParameter', name: 'q' }, {}, 'p=1', undefined],
    ['a cookie', cookie(), { cookie: 'b=x; c=jason' }, undefined, jason],
    ['a cookie without the quotes around it', cookie(), { cookie: 'c="jason"' }, undefined, jason],
    ['a cookie of another line', cookie(), { cookie: ['b=1', 'cc=2;c=jason'] }, undefined, jason],
    ['C114 an absent cookie without ttl', cookie(), { cookie: 'cc=jason; c=' }, undefined, undefined],
  ])('%s', (_, policy, headers, query, expected) => {
    expect(hashOf([policy], requestOf(headers, query))).toBe(expected)
  })

  test('the host and pseudo headers', () => {
    expect(hashOf([header('host')], requestOf())).toBe(a)
    expect(hashOf([header(':authority')], requestOf())).toBe(a)
    expect(hashOf([header(':nothing')], requestOf())).toBeUndefined()
  })

  test('the source address is a key of the mesh, the same for all its calls', () => {
    const policy: HashPolicy = { kind: 'sourceIp' }
    expect(hashOf([policy], requestOf())).toBe(hashOf([policy], requestOf({ x: '1' })))
    const other = new Affinity(new VirtualClock(), new SeededRandom(9))
    expect(other.address).not.toBe(affinity.address)
  })
})

describe('several policies', () => {
  const request = requestOf({ x: 'a', y: 'b' })

  test('are combined: what there is turned by one bit', () => {
    expect(hashOf([header('x'), header('y')], request)).toBe('dcd8a34249eb432c')
    expect(hashOf([header('none'), header('x'), header('none')], request)).toBe(a)
    expect(hashOf([header('x'), header('x')], request)).not.toBe('0000000000000000')
  })

  test('a terminal one ends it, once there is a hash', () => {
    expect(hashOf([header('x', true), header('y')], request)).toBe(a)
    expect(hashOf([header('none', true), header('x')], request)).toBe(a)
    expect(hashOf([header('x'), header('none', true), header('y')], request)).toBe(a)
  })

  test('each that is asked is told with what it found', () => {
    const told: unknown[] = []
    hashRequest(
      [header('none'), header('x', true), header('y')],
      request,
      affinity,
      new SeededRandom(1),
      (policy, found) => told.push([(policy as { name: string }).name, found]),
    )
    expect(told).toEqual([
      ['none', undefined],
      ['x', 'a'],
    ])
  })
})

describe('a cookie that is absent', () => {
  class Client {
    readonly clock = new VirtualClock()
    readonly random = new SeededRandom(3)
    readonly affinity = new Affinity(this.clock, new SeededRandom(4))

    /** One call: its hash, what is sent, and what its caller is told. */
    call(
      policy: HashPolicy,
      headers: Headers = {},
      url = 'http://a/',
    ): { hash: string; sent: HeaderList; told: HeaderList } {
      const request = { view: viewOf(url, { headers }), path: '/', query: undefined, dice: (): number => 0 }
      const hash = hashRequest([policy], request, this.affinity, this.random) as RequestHash
      const sent = Object.entries(headers).flatMap(([name, lines]) => [lines].flat().flatMap((line) => [name, line]))
      const told: HeaderList = []
      exchangeCookies(hash.cookies ?? [], { view: request.view, headers: sent }, this.affinity)?.apply(
        told,
        {} as FormatContext,
      )
      return { hash: hexOf(hash), sent, told }
    }
  }

  test.each<[object, string]>([
    [{ ttlMs: 60_000, path: '/p' }, '; Max-Age=60; Path=/p; HttpOnly'],
    [{ ttlMs: 0 }, '; HttpOnly'],
    [{ ttlMs: 1_999, path: '' }, '; Max-Age=1; HttpOnly'],
    [
      {
        ttlMs: 0,
        attributes: [
          { name: 'SameSite', value: 'Strict' },
          { name: 'Secure', value: '' },
        ],
      },
      '; SameSite=Strict; Secure; HttpOnly',
    ],
  ])('is made where %j allows it, and its caller is told: %s', (more, attributes) => {
    const { told, sent } = new Client().call(cookie(more))
    expect(told[0]).toBe('set-cookie')
    expect(told[1]).toMatch(/^c="[0-9a-f]{16}"/)
    expect(told[1]?.slice('c="0123456789abcdef"'.length)).toBe(attributes)
    expect(sent).toEqual([])
  })

  test('is kept: later calls send it, hash the same, and nobody is told again', () => {
    const client = new Client()
    const first = client.call(cookie({ ttlMs: 0 }))
    const second = client.call(cookie({ ttlMs: 0 }))
    const pair = first.told[1]?.split(';')[0]
    expect(second).toEqual({ hash: first.hash, sent: ['cookie', pair], told: [] })
    expect(client.call(cookie({ ttlMs: 0 }), { cookie: ['x=1', 'y=2'] }).sent).toEqual(['cookie', `x=1; y=2; ${pair}`])
    // a caller that keeps cookies itself is not meddled with
    const own = client.call(cookie({ ttlMs: 0 }), { cookie: pair ?? '' })
    expect(own).toEqual({ hash: first.hash, sent: ['cookie', pair], told: [] })
  })

  test('is another for another host, name or path', () => {
    const client = new Client()
    const policies = [cookie({ ttlMs: 0 }), cookie({ ttlMs: 0, path: '/p' }), cookie({ ttlMs: 0, name: 'd' })]
    const hashes = () => [
      ...policies.map((policy) => client.call(policy).hash),
      client.call(policies[0]!, {}, 'http://b/').hash,
    ]
    const first = hashes()
    expect(new Set(first).size).toBe(4)
    expect(hashes()).toEqual(first)
  })

  test('is made anew when its time is over', () => {
    const client = new Client()
    const policy = cookie({ ttlMs: 5_000 })
    const first = client.call(policy).hash
    client.clock.advance(4_999)
    expect(client.call(policy).hash).toBe(first)
    client.clock.advance(1)
    const later = client.call(policy)
    expect(later.hash).not.toBe(first)
    expect(later.told).toHaveLength(2)
  })

  test('is forgotten when a thousand other hosts have been called since', () => {
    const client = new Client()
    const policy = cookie({ ttlMs: 0 })
    const first = client.call(policy).hash
    for (let i = 0; i < 1_000; i++) client.call(policy, {}, `http://h${i}/`)
    expect(client.call(policy).hash).not.toBe(first)
  })
})
