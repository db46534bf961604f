// Following changes gives what looking at everything gives, whatever happens in whatever order.
import type { Cluster } from '@proxyless/core/spi'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ClusterResource, EndpointsResource, ListenerResource, RouteResource } from '../decode/resources.ts'
import { whole } from '../piecewise.ts'
import { type Kind, KINDS } from '../stream/kinds.ts'
import type { Changes, Entry } from '../stream/store.ts'
import type { Cache } from './cache.ts'
import { Memory } from './memory.ts'
import { type Resolution, resolve, type Wanted } from './resolve.ts'

const origin = { resource: 'test', path: '' }

class World implements Cache {
  readonly #entries = new Map<Kind, Map<string, Entry>>(KINDS.map((kind) => [kind, new Map<string, Entry>()]))
  readonly #heard = new Set<Kind>()

  entry(kind: Kind, name: string): Entry | undefined {
    return this.#entries.get(kind)!.get(name)
  }

  entries(kind: Kind): Map<string, Entry> {
    return this.#entries.get(kind)!
  }

  heard(kind: Kind): boolean {
    return this.#heard.has(kind)
  }

  hear(kind: Kind): void {
    this.#heard.add(kind)
  }
}

const locality = { region: '', zone: '', subzone: '' }

function endpoints(name: string, port: number): EndpointsResource {
  const endpoint = { address: name, port, weight: 1, health: 'healthy', labels: {}, locality, priority: 0 } as const
  return { name, notes: [], endpoints: [endpoint], weights: [], overprovisioningFactor: undefined, drops: [] }
}

function cluster(name: string, discovery: ClusterResource['discovery'], notes: readonly string[]): ClusterResource {
  const model = { name, service: { host: name, port: 80 }, discovery: { kind: 'static', endpoints: [] }, origin }
  return { name, notes, discovery, cluster: model as unknown as Cluster, weighsLocalities: false, reportsLoad: false }
}

function routes(name: string, clusters: readonly string[]): RouteResource {
  const hosts = clusters.map((each) => ({
    name: each,
    domains: [each === 'd' ? '*' : each],
    routes: [
      {
        route: {
          name: each,
          match: { path: { kind: 'prefix', value: '/', ignoreCase: false }, headers: [], queryParameters: [] },
          action: {
            kind: 'forward',
            clusters: [{ cluster: each, weight: 1 }],
            timeoutMs: 0,
            mirrors: [],
            hashPolicies: [],
          },
          origin,
          origins: {},
        },
        faults: new Map(),
      },
    ],
  })) as RouteResource['hosts']
  return { name, notes: [], hosts }
}

function listener(name: string, to: HttpRoutes): ListenerResource {
  return { name, notes: [], http: { port: 80, routes: to, faults: new Map(), pathNormalization: 'none' } }
}

type HttpRoutes = NonNullable<ListenerResource['http']>['routes']

const names = ['a', 'b', 'c', 'd'] as const
const name = fc.constantFrom(...names)
const some = fc.subarray([...names])
const shares = { weights: [], overprovisioningFactor: undefined, drops: [] }
const original = { kind: 'inline', discovery: { kind: 'originalDestination' }, shares } as const
const discovery = fc.oneof(
  name.map((assignment) => ({ kind: 'named', assignment }) as const),
  some.map((clusters) => ({ kind: 'aggregate', clusters }) as const),
  fc.constant(original),
)
const resource = fc.oneof(
  fc.tuple(fc.constant('endpoints' as const), name, fc.nat(3)).map(([kind, n, port]) => [kind, endpoints(n, port)]),
  fc
    .tuple(fc.constant('cluster' as const), name, discovery, fc.subarray(['a note']))
    .map(([kind, n, how, notes]) => [kind, cluster(n, how, notes)]),
  fc.tuple(fc.constant('route' as const), name, some).map(([kind, n, to]) => [kind, routes(n, to)]),
  fc.tuple(fc.constant('listener' as const), name, name).map(([kind, n, named]) => [kind, listener(n, { named })]),
  fc
    .tuple(fc.constant('listener' as const), name, some)
    .map(([kind, n, to]) => [kind, listener(n, { inline: routes(n, to) })]),
) as fc.Arbitrary<[Kind, { readonly name: string }]>
const event = fc.oneof(
  {
    weight: 6,
    arbitrary: resource.map(([kind, value]) => ({ what: 'comes', kind, name: value.name, value }) as const),
  },
  fc.tuple(fc.constantFrom(...KINDS), name).map(([kind, n]) => ({ what: 'goes', kind, name: n }) as const),
  fc.tuple(fc.constantFrom(...KINDS), name).map(([kind, n]) => ({ what: 'fails', kind, name: n }) as const),
)

const targets = new Map([
  ['x:80', 'a'],
  ['y', 'b'],
])

function wanted(to: Wanted['targets']): Wanted {
  return { server: 's', node: 'n', targets: to, onDemand: false, overdue: new Set(), trouble: undefined }
}

function plain({ config, wants, waiting }: Resolution): unknown {
  return {
    wants: KINDS.map((kind) => [...wants[kind]].sort()),
    waits: waiting.length > 0,
    config: config && {
      ...config,
      version: '',
      clusters: new Map([...config.clusters].sort(byName)),
      problems: config.problems.map((problem) => JSON.stringify(problem)).sort(),
    },
  }
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}

test.each([
  ['all', 'all'],
  ['named', targets],
] as const)('of a server asked for %s', (_, to) => {
  fc.assert(
    fc.property(fc.array(fc.array(event, { minLength: 1, maxLength: 4 }), { maxLength: 25 }), (turns) => {
      const world = new World()
      const [following, looking] = [new Memory(), new Memory()]
      let changes = new Map<Kind, Set<string>>(KINDS.map((kind) => [kind, new Set<string>()]))
      const everything: Changes = new Map(KINDS.map((kind) => [kind, new Set(names)]))
      for (const turn of turns) {
        for (const each of turn) apply(world, each, changes)
        const now = whole(resolve(world, wanted(to), following, changes))
        expect(plain(now)).toEqual(plain(whole(resolve(world, wanted(to), looking, everything))))
        if (now.waiting.length === 0) {
          expect(plain(now)).toEqual(plain(whole(resolve(world, wanted(to), new Memory(), everything))))
        }
        changes = new Map(KINDS.map((kind) => [kind, new Set<string>()]))
        for (const kind of KINDS) {
          for (const each of now.wants[kind]) {
            if (each === '*' || world.entry(kind, each) !== undefined) continue
            world.entries(kind).set(each, { state: 'requested', known: undefined, error: undefined })
            changes.get(kind)!.add(each)
          }
        }
      }
    }),
    { numRuns: 400 },
  )
})

type Event = typeof event extends fc.Arbitrary<infer E> ? E : never

function apply(world: World, each: Event, changes: Map<Kind, Set<string>>): void {
  const entries = world.entries(each.kind)
  changes.get(each.kind)!.add(each.name)
  world.hear(each.kind)
  if (each.what === 'goes') entries.delete(each.name)
  else if (each.what === 'comes') {
    const known = { value: each.value, bytes: new Uint8Array(), version: '' }
    entries.set(each.name, { state: 'acked', known, error: undefined })
  } else entries.set(each.name, { state: 'nacked', known: entries.get(each.name)?.known, error: 'bad' })
}
