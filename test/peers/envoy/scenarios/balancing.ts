// SEMANTICS 6: who is chosen. Hashes to the very endpoint; the rest as distributions.
import type { Cluster, Endpoint, HashPolicy, LoadBalancer, Locality } from '@proxyless/core/spi'
import { cluster } from '../../../kit/config.ts'
import { alike, counted } from '../harness/distribution.ts'
import { type Ask, type At, type Scenario, scenario } from '../harness/scenario.ts'
import type { Side } from '../harness/side.ts'
import { retries, to } from '../harness/words.ts'

type Hosts = (at: At) => readonly Endpoint[]
const abc: Hosts = (at) => ['a', 'b', 'c'].map((name) => at(name))
const all: Hosts = (at) => ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => at(name))

const keys = Array.from({ length: 40 }, (_, n) => `key-${n}`)
const asked = keys.map((key): Ask => ({ headers: ['x-h', key] }))
const byHeader: readonly HashPolicy[] = [{ kind: 'header', name: 'x-h' }]
const ring = { kind: 'ringHash', minimumRingSize: 1024 } as const
const maglev: LoadBalancer = { kind: 'maglev', tableSize: 65_537 }

/** Every host that each key was sent to. */
async function destinations(side: Side, asks: readonly Ask[] = asked): Promise<unknown> {
  const outcomes = await side.sendAll(asks)
  return outcomes.map(({ arrivals, status }) => arrivals.map(({ backend }) => backend).join() || status)
}

/** Exactly where each goes. */
function hashed(
  says: string,
  hosts: Hosts,
  more: Partial<Cluster>,
  asks: readonly Ask[] = asked,
  hashPolicies = byHeader,
): Scenario {
  return scenario(`6.6: ${says}`, {
    routes: [to('hashed', { hashPolicies })],
    clusters: (at) => [cluster('hashed', hosts(at), more)],
    play: async (side) =>
      (await side.sendAll(asks)).map(({ arrivals, status }) => arrivals.map(({ backend }) => backend).join() || status),
  })
}

function spread(
  says: string,
  hosts: Hosts,
  more: Partial<Cluster> = {},
  count = 400,
  action: Parameters<typeof to>[1] = {},
): Scenario {
  return scenario(`6: ${says}`, {
    routes: [to('spread', action)],
    clusters: (at) => [cluster('spread', hosts(at), more)],
    play: (side: Side) => counted(side, count),
    compare: alike,
  })
}

const random: LoadBalancer = { kind: 'random' }
const least: LoadBalancer = { kind: 'leastRequest', choices: 2 }
const zone = (region: string, name = ''): Locality => ({ region, zone: name, subzone: '' })
const at = (priority: number, health: Endpoint['health'] = 'healthy'): Partial<Endpoint> => ({ priority, health })

/** Backends by priority and health: `[0, 'healthy']`. */
function tiers(...given: readonly [number, Endpoint['health']?][]): Hosts {
  return (by) =>
    given.map(([priority, health], n) => by(['a', 'b', 'c', 'd', 'e', 'f'][n] ?? 'f', at(priority, health)))
}

const off = 'unhealthy'

export const balancing: readonly Scenario[] = [
  hashed('C111: a ring by header', abc, { loadBalancer: ring }),
  hashed('C111: Maglev by header', abc, { loadBalancer: maglev }),
  hashed('a ring of six', all, { loadBalancer: ring }),
  hashed('Maglev of six', all, { loadBalancer: maglev }),
  hashed('a small ring', abc, { loadBalancer: { kind: 'ringHash', minimumRingSize: 3, maximumRingSize: 8 } }),
  hashed('a ring with weights', (by) => [by('a', { weight: 1 }), by('b', { weight: 3 }), by('c', { weight: 2 })], {
    loadBalancer: ring,
  }),
  hashed('Maglev with weights', (by) => [by('a', { weight: 1 }), by('b', { weight: 3 }), by('c', { weight: 2 })], {
    loadBalancer: maglev,
  }),
  hashed('a small Maglev table', abc, { loadBalancer: { kind: 'maglev', tableSize: 11 } }),
  hashed('a ring without the unhealthy', (by) => [by('a'), by('b', at(0, off)), by('c')], { loadBalancer: ring }),
  scenario('6.6: a ring by host name', {
    routes: [to('hashed', { hashPolicies: byHeader })],
    clusters: (by) => {
      const endpoints = ['a', 'b', 'c'].map((name) => by(name, { hostname: `${name}.example` }))
      const discovery = { kind: 'strictDns', endpoints } as const
      return [cluster('hashed', [], { discovery, loadBalancer: { ...ring, hashKey: 'hostname' } })]
    },
    play: destinations,
  }),
  hashed(
    'a ring by names of their own',
    (by) => ['a', 'b', 'c'].map((name) => by(name, { hashName: `shard-${name}` })),
    { loadBalancer: ring },
  ),
  hashed(
    'Maglev by names of their own',
    (by) => ['a', 'b', 'c'].map((name) => by(name, { hashName: `shard-${name}` })),
    { loadBalancer: maglev },
  ),
  hashed(
    'several lines of a header',
    abc,
    { loadBalancer: ring },
    keys.map((key) => ({ headers: ['x-h', key, 'x-h', 'b', 'x-h', 'a'] })),
  ),
  hashed(
    'a query parameter',
    abc,
    { loadBalancer: ring },
    keys.map((key) => ({ path: `/?x=1&q=${key}&q=2` })),
    [{ kind: 'queryParameter', name: 'q' }],
  ),
  hashed(
    'a cookie',
    abc,
    { loadBalancer: maglev },
    keys.map((key) => ({ headers: ['cookie', `a=1; c=${key}; b=2`] })),
    [{ kind: 'cookie', name: 'c', attributes: [] }],
  ),
  hashed(
    'a cookie in quotes',
    abc,
    { loadBalancer: maglev },
    keys.map((key) => ({ headers: ['cookie', `c="${key}"`] })),
    [{ kind: 'cookie', name: 'c', attributes: [] }],
  ),
  hashed(
    'two policies',
    abc,
    { loadBalancer: ring },
    keys.map((key) => ({ headers: ['x-h', key, 'y', `${key}y`] })),
    [...byHeader, { kind: 'header', name: 'y' }],
  ),
  hashed(
    'a terminal policy',
    abc,
    { loadBalancer: ring },
    keys.map((key) => ({ headers: ['x-h', key, 'y', `${key}y`] })),
    [
      { kind: 'header', name: 'x-h', terminal: true },
      { kind: 'header', name: 'y' },
    ],
  ),
  hashed(
    'a policy whose header is missing',
    abc,
    { loadBalancer: ring },
    keys.map((key) => ({ headers: ['y', key] })),
    [...byHeader, { kind: 'header', name: 'y' }],
  ),
  hashed('empty values', abc, { loadBalancer: ring }, [
    { headers: ['x-h', ''] },
    { path: '/?q=', headers: ['x-h', ''] },
  ]),
  hashed('priorities by hash', tiers([0], [0, off], [1], [1], [1]), { loadBalancer: ring }),
  hashed('Maglev and priorities by hash', tiers([0], [0, off], [1], [1], [1]), { loadBalancer: maglev }),
  scenario('6.6: retries move along the ring', {
    routes: [
      to('hashed', { hashPolicies: byHeader, ...retries(['5xx'], { numRetries: 3, avoidPreviousHosts: true }) }),
    ],
    clusters: (by) => [cluster('hashed', all(by), { loadBalancer: ring })],
    answers: () => ({ status: 503 }),
    play: async (side) =>
      (await side.sendAll(asked)).map(({ arrivals }) => arrivals.map(({ backend }) => backend).join()),
  }),
  scenario('6.6: retries move in the Maglev table', {
    routes: [
      to('hashed', { hashPolicies: byHeader, ...retries(['5xx'], { numRetries: 3, avoidPreviousHosts: true }) }),
    ],
    clusters: (by) => [cluster('hashed', all(by), { loadBalancer: maglev })],
    answers: () => ({ status: 503 }),
    play: async (side) =>
      (await side.sendAll(asked)).map(({ arrivals }) => arrivals.map(({ backend }) => backend).join()),
  }),
  scenario('6.6: retries that do not avoid hosts stay', {
    routes: [to('hashed', { hashPolicies: byHeader, ...retries(['5xx'], { numRetries: 2 }) })],
    clusters: (by) => [cluster('hashed', all(by), { loadBalancer: ring })],
    answers: () => ({ status: 503 }),
    play: async (side) =>
      (await side.sendAll(asked)).map(({ arrivals }) => arrivals.map(({ backend }) => backend).join()),
  }),
  spread('C112: no hash', abc, { loadBalancer: ring }, 400, { hashPolicies: byHeader }),
  spread('round robin', abc),
  spread('C110: round robin with weights', (by) => [by('a', { weight: 1 }), by('b', { weight: 3 })]),
  spread('C109: random looks at no weights', (by) => [by('a', { weight: 1 }), by('b', { weight: 9 })], {
    loadBalancer: random,
  }),
  spread('random', abc, { loadBalancer: random }),
  spread('least request', abc, { loadBalancer: least }),
  spread('least request with weights', (by) => [by('a', { weight: 1 }), by('b', { weight: 4 })], {
    loadBalancer: least,
  }),
  spread('6.2: half of the first priority', tiers([0], [0, off], [1], [1])),
  spread('6.2: a quarter of each', tiers([0], [0, off], [0, off], [1], [1, off], [1, off])),
  spread('6.2: none of the first priority', tiers([0, off], [1], [1])),
  spread('6.2: three priorities', tiers([0], [0, off], [0, off], [1], [1, off], [2])),
  spread('6.2: overprovisioning of its own', tiers([0], [0, off], [1], [1]), { overprovisioningFactor: 1 }),
  spread('C141: one healthy, one degraded', tiers([0], [0, 'degraded'])),
  spread('C142: degraded behind the next priority', tiers([0, 'degraded'], [1])),
  spread('6.3: all unhealthy, no panic', tiers([0, off], [0, off])),
  spread('6.3: panic uses all', tiers([0], [0, off], [0, off]), { panicThreshold: 0.5 }),
  spread('6.3: total panic by counts', tiers([0, off], [1, off], [1, off]), { panicThreshold: 0.5 }),
  spread('6.3: at the threshold there is no panic', tiers([0], [0, off]), { panicThreshold: 0.5 }),
  spread('6.1: draining hosts are out', tiers([0], [0, 'draining'])),
  spread(
    '6.8: localities by weight',
    (by) => [
      by('a', { locality: zone('r', '1') }),
      by('b', { locality: zone('r', '1') }),
      by('c', { locality: zone('r', '2') }),
    ],
    {
      localities: {
        kind: 'weighted',
        weights: [
          { locality: zone('r', '1'), priority: 0, weight: 20 },
          { locality: zone('r', '2'), priority: 0, weight: 80 },
        ],
      },
    },
  ),
  spread(
    '6.8: a locality that is half down',
    (by) => [
      by('a', { locality: zone('r', '1') }),
      by('b', { locality: zone('r', '1'), health: off }),
      by('c', { locality: zone('r', '2') }),
    ],
    {
      localities: {
        kind: 'weighted',
        weights: [
          { locality: zone('r', '1'), priority: 0, weight: 1 },
          { locality: zone('r', '2'), priority: 0, weight: 1 },
        ],
      },
    },
  ),
  spread(
    '6.8: a locality without weight gets nothing',
    (by) => [by('a', { locality: zone('r', '1') }), by('c', { locality: zone('r', '2') })],
    {
      localities: { kind: 'weighted', weights: [{ locality: zone('r', '1'), priority: 0, weight: 1 }] },
    },
  ),
  scenario('5.1: retries go to other priorities', {
    routes: [to('tiers', retries(['5xx'], { numRetries: 3, retryOtherPriorities: true }))],
    clusters: (by) => [cluster('tiers', tiers([0], [1], [2])(by))],
    answers: () => ({ status: 503 }),
    play: async (side) =>
      (await side.sendAll(Array.from({ length: 5 }, () => '/'))).map(({ arrivals }) =>
        arrivals.map(({ backend }) => backend).join(),
      ),
  }),
  scenario('2.9: strict DNS', {
    routes: [to('named')],
    clusters: (by) => [
      cluster('named', [{ ...by('a'), address: 'localhost' }], {
        discovery: { kind: 'strictDns', endpoints: [{ ...by('a'), address: 'localhost' }] },
      }),
    ],
  }),
  scenario('14: nobody there', { routes: [to('empty', retries(['5xx']))], clusters: () => [cluster('empty', [])] }),
  scenario('6.1: one host that is unhealthy', {
    routes: [to('one')],
    clusters: (by) => [cluster('one', [by('a', at(0, off))])],
  }),
]
