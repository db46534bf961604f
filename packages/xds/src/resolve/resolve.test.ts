// Following changes gives what looking at everything gives, whatever happens in whatever order.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createDecoder } from '../decode/decoder.ts'
import {
  ads,
  any,
  assignment,
  cluster,
  group,
  optionsFor,
  route,
  routeConfig,
  socketListener,
  toCluster,
} from '../decode/messages.suite.ts'
import { ClusterConfig } from '../generated/envoy/extensions/clusters/aggregate/v3/cluster.ts'
import type { Any } from '../generated/google/protobuf/any.ts'
import { whole } from '../piecewise.ts'
import { type Kind, KINDS } from '../stream/kinds.ts'
import type { Changes, Entry } from '../stream/store.ts'
import type { Cache } from './cache.ts'
import { Memory } from './memory.ts'
import { type Resolution, resolve, type Wanted } from './resolve.ts'

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

const decode = createDecoder(optionsFor('sidecar'))

function decoded(kind: Kind, body: Any): { readonly name: string } {
  const read = whole(decode(kind, body))
  if (!read.ok) throw new Error(read.error)
  return read.value as { readonly name: string }
}

const aggregate = (clusters: readonly string[]): object => ({
  clusterDiscoveryType: {
    $case: 'clusterType',
    value: {
      name: 'aggregate',
      typedConfig: any('envoy.extensions.clusters.aggregate.v3.ClusterConfig', ClusterConfig, { clusters }),
    },
  },
})

const routeHosts = (clusters: readonly string[]): object[] =>
  clusters.map((each) => ({ name: each, domains: [each === 'd' ? '*' : each], routes: [route(toCluster(each))] }))

const byName = (name: string): object => ({ $case: 'rds', value: { configSource: ads, routeConfigName: name } })
const inline = (name: string, clusters: readonly string[]): object => ({
  $case: 'routeConfig',
  value: { name, virtualHosts: routeHosts(clusters) },
})

const names = ['a', 'b', 'c', 'd'] as const
const name = fc.constantFrom(...names)
const some = fc.subarray([...names])
const discovery = fc.oneof(
  name.map((serviceName) => ({ edsClusterConfig: { edsConfig: ads, serviceName } })),
  fc.subarray([...names], { minLength: 1 }).map(aggregate),
  // ORIGINAL_DST
  fc.constant({ clusterDiscoveryType: { $case: 'type', value: 4 } }),
)
const noted = fc.constantFrom({}, { lbSubsetConfig: {} })
const message: fc.Arbitrary<readonly [Kind, Any]> = fc.oneof(
  fc
    .tuple(name, fc.integer({ min: 1, max: 3 }))
    .map(([n, port]) => ['endpoints', assignment(n, [group([port])])] as const),
  fc.tuple(name, discovery, noted).map(([n, how, more]) => ['cluster', cluster(n, { ...how, ...more })] as const),
  fc.tuple(name, some).map(([n, to]) => ['route', routeConfig(n, routeHosts(to))] as const),
  fc
    .tuple(
      name,
      fc.oneof(
        name.map(byName),
        fc.tuple(name, some).map(([n, to]) => inline(n, to)),
      ),
    )
    .map(([n, routeSpecifier]) => ['listener', socketListener(n, 80, { routeSpecifier })] as const),
)
const resource = message.map(([kind, body]) => [kind, decoded(kind, body)] as const)
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
      clusters: new Map([...config.clusters].sort(byKey)),
      problems: config.problems.map((problem) => JSON.stringify(problem)).sort(),
    },
  }
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
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
    const known = { value: each.value, bytes: new Uint8Array(), version: '', receivedAt: 0 }
    entries.set(each.name, { state: 'acked', known, error: undefined })
  } else entries.set(each.name, { state: 'nacked', known: entries.get(each.name)?.known, error: 'bad' })
}
