// From a scripted istiod to configurations: documents of all kinds together, endpoints after them, what is missing, and what stays.
import { BinaryWriter } from '@bufbuild/protobuf/wire'
import {
  type Cluster,
  type ConfigSource,
  type DocumentSource,
  type DocumentText,
  type MeshConfig,
  type Problem,
  SeededRandom,
  VirtualClock,
} from '@proxyless/core/spi'
import { describe, expect, test } from 'vitest'
import type { Any } from '../generated/google/protobuf/any.ts'
import { assignment, cluster, group } from '../decode/messages.suite.ts'
import { testRegex } from '../decode/test-regex.suite.ts'
import { settingsOf, type XdsOptions } from '../options.ts'
import { DOCUMENT_KINDS, type DocumentKind, messageUrl, type StreamKind } from '../stream/kinds.ts'
import { ScriptedServer } from '../stream/scripted-server.suite.ts'
import { xdsSource } from '../xds-source.ts'
import { xdsDocuments } from './xds-documents.ts'

async function settle(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await Promise.resolve()
}

/** A cluster for each host of a ServiceEntry; the rest of the translation is another package's. */
function translate(documents: DocumentSource, seen: (readonly DocumentText[])[]): ConfigSource {
  return {
    start: (sink) =>
      documents.start({
        texts: (texts) => {
          seen.push(texts)
          sink.config(configOf(texts, `${seen.length}`))
        },
        problem: (problem) => sink.problem(problem),
        isEmpty: () => false,
      }),
    close: () => documents.close(),
  }
}

function configOf(texts: readonly DocumentText[], version: string): MeshConfig {
  const clusters = texts.flatMap(({ text }) => {
    const { kind, spec } = JSON.parse(text) as { kind: string; spec: { hosts?: string[]; resolution?: string } }
    if (kind !== 'ServiceEntry') return []
    return (spec.hosts ?? []).map((name) => clusterOf(name, spec.resolution === 'DNS' ? 'strictDns' : 'static'))
  })
  return {
    version,
    virtualHosts: [],
    clusters: new Map(clusters.map((each) => [each.name, each])),
    unknownHosts: { kind: 'passthrough', origin: { resource: '', path: '' } },
    pathNormalization: 'none',
    problems: [],
  }
}

const made = new Map<string, Cluster>()

/** The same for the same name, as translations have it. */
function clusterOf(name: string, kind: 'static' | 'strictDns'): Cluster {
  const known = made.get(`${kind} ${name}`)
  if (known !== undefined) return known
  const fresh = { name, discovery: { kind, endpoints: [] }, origins: {} } as unknown as Cluster
  made.set(`${kind} ${name}`, fresh)
  return fresh
}

class World {
  readonly clock = new VirtualClock()
  readonly server = new ScriptedServer()
  readonly configs: MeshConfig[] = []
  readonly problems: Problem[] = []
  readonly texts: (readonly DocumentText[])[] = []
  readonly source
  #nonce = 0

  constructor(options: XdsOptions = {}) {
    const host = {
      clock: this.clock,
      random: new SeededRandom(1),
      regex: testRegex,
      env: {},
      node: { id: 'fallback' },
      transport: () => this.server,
    }
    this.source = xdsDocuments({ server: 'istiod:15010', ...options }, host, (documents) =>
      translate(documents, this.texts),
    )
    this.source.start({
      config: (config) => void this.configs.push(config),
      problem: (problem) => void this.problems.push(problem),
    })
  }

  static async opened(options: XdsOptions = {}): Promise<World> {
    const world = new World(options)
    await settle()
    world.server.last.accept()
    await settle()
    return world
  }

  /** With documents of every kind, and the endpoints of `a.test`. */
  static async started(options: XdsOptions = {}): Promise<World> {
    const world = await World.opened(options)
    for (const kind of DOCUMENT_KINDS) await world.send(kind)
    await world.send('ServiceEntry', entry('a.test'))
    await world.rest()
    await world.send('endpoints', assignment('a.test', [group([1])]))
    return world
  }

  async send(kind: StreamKind, ...raw: Any[]): Promise<void> {
    this.server.last.reply(kind, { nonce: `n${++this.#nonce}`, version: `${this.#nonce}`, raw })
    await settle()
  }

  /** Until nothing more comes of a change. */
  async rest(): Promise<void> {
    this.clock.advance(50)
    await settle()
  }

  get config(): MeshConfig | undefined {
    return this.configs.at(-1)
  }

  ports(name: string): number[] | undefined {
    const discovery = this.config?.clusters.get(name)?.discovery
    return discovery !== undefined && 'endpoints' in discovery ? discovery.endpoints.map(({ port }) => port) : undefined
  }

  asked(kind: StreamKind): readonly string[] | undefined {
    return this.server.last.requests.findLast((each) => each.kind === kind)?.names
  }

  errors(kind: StreamKind): (string | undefined)[] {
    return this.server.last.requests.filter((each) => each.kind === kind).map(({ error }) => error)
  }
}

describe('documents', () => {
  test('of every kind are asked for, and all of each', async () => {
    const world = await World.opened()
    expect(world.server.last.requests.map(({ kind, names }) => [kind, names])).toEqual(
      DOCUMENT_KINDS.map((kind) => [kind, []]),
    )
  })

  test('are handed over once every kind was answered, and nothing more comes', async () => {
    const world = await World.opened()
    for (const kind of DOCUMENT_KINDS.slice(1)) await world.send(kind)
    await world.rest()
    expect(world.texts).toEqual([])
    await world.send('MeshConfig', settings())
    world.clock.advance(49)
    expect(world.texts).toEqual([])
    world.clock.advance(1)
    expect(world.texts.map((texts) => texts.map(({ name }) => name))).toEqual([['xds://istiod:15010/MeshConfig']])
  })

  test('that follow one another are handed over together, and held back for a second at most', async () => {
    const world = await World.started()
    const before = world.texts.length
    for (let n = 0; n < 24; n++) {
      await world.send('VirtualService', document('VirtualService', `ns/v${n}`))
      world.clock.advance(40)
    }
    expect(world.texts).toHaveLength(before)
    await world.send('DestinationRule', document('DestinationRule', 'ns/d'))
    world.clock.advance(40)
    expect(world.texts).toHaveLength(before + 1)
    expect(world.texts.at(-1)?.map(({ name }) => name)).toEqual([
      'xds://istiod:15010/ServiceEntry/ns/a.test',
      'xds://istiod:15010/DestinationRule/ns/d',
      'xds://istiod:15010/VirtualService/ns/v23',
    ])
  })

  test('that are sent again as they are change nothing, and keep their texts', async () => {
    const world = await World.started()
    const { length } = world.texts
    await world.send('ServiceEntry', entry('a.test'))
    await world.rest()
    expect(world.texts).toHaveLength(length)
    await world.send('VirtualService', document('VirtualService', 'ns/v'))
    await world.rest()
    const text = (n: number): DocumentText | undefined => world.texts.at(n)?.find(({ name }) => name.includes('a.test'))
    expect(text(-1)).toBe(text(-2))
  })

  test('that are gone are handed over no more', async () => {
    const world = await World.started()
    await world.send('ServiceEntry')
    await world.rest()
    expect(world.texts.at(-1)).toEqual([])
  })

  test('that cannot be read are refused by name, the others are used, and what was there before stays', async () => {
    const world = await World.started()
    const bad = { typeUrl: messageUrl('ServiceEntry'), value: nested('ns/a.test', 'Gateway', new Uint8Array()) }
    await world.send('ServiceEntry', bad, entry('b.test'))
    await world.rest()
    await world.send('endpoints', assignment('b.test', [group([2])]))
    const why = 'istio.networking.v1alpha3.Gateway instead of istio.networking.v1alpha3.ServiceEntry'
    expect(world.errors('ServiceEntry').at(-1)).toBe(`ns/a.test: cannot be read: ${why}`)
    expect(world.ports('a.test')).toEqual([1])
    expect(world.ports('b.test')).toEqual([2])
    expect(world.config?.problems).toEqual([
      expect.objectContaining({
        code: 'XDS_REFUSED',
        outcome: 'kept',
        resource: 'ServiceEntry ns/a.test',
        message: `cannot be read: ${why} (server istiod:15010, node fallback)`,
      }),
    ])
    await world.send('ServiceEntry', entry('a.test'), entry('b.test'))
    expect(world.config?.problems).toEqual([])
  })

  test('of another type than asked for are refused', async () => {
    const world = await World.opened()
    await world.send('Sidecar', cluster('a'))
    expect(world.errors('Sidecar').at(-1)).toContain('instead of type.googleapis.com/istio.mcp.v1alpha1.Resource')
  })

  test('may have fields that are newer than this client, which is told', async () => {
    const world = await World.started()
    const body = message([1, 'b.test'], [99, 'new'])
    const value = nested('ns/new', 'VirtualService', body)
    await world.send('VirtualService', { typeUrl: messageUrl('VirtualService'), value })
    await world.rest()
    expect(world.config?.problems).toEqual([
      expect.objectContaining({ code: 'XDS_NOT_APPLIED', resource: 'VirtualService ns/new' }),
    ])
  })

  test('as delta: what is removed is named, and the settings of the mesh have no name', async () => {
    const world = await World.opened({ protocol: 'delta' })
    for (const kind of DOCUMENT_KINDS) await world.send(kind)
    await world.send('MeshConfig', settings())
    await world.send('ServiceEntry', entry('a.test'), entry('b.test'))
    await world.rest()
    expect(world.texts.at(-1)).toHaveLength(3)
    world.server.last.reply('ServiceEntry', { nonce: 'gone', removed: ['ns/b.test'] })
    await settle()
    await world.rest()
    expect(world.texts.at(-1)).toHaveLength(2)
    world.server.last.end()
    world.clock.advance(2000)
    world.server.last.accept()
    await settle()
    const initial = (kind: StreamKind): object | undefined =>
      world.server.last.requests.find((each) => each.kind === kind)?.initial
    expect(Object.keys(initial('ServiceEntry') ?? {})).toEqual(['ns/a.test'])
    expect(initial('MeshConfig')).toEqual({})
  })
})

describe('endpoints', () => {
  test('are asked for by the names of the clusters that list theirs, and waited for', async () => {
    const world = await World.opened()
    for (const kind of DOCUMENT_KINDS) await world.send(kind)
    await world.send('ServiceEntry', entry('a.test'), entry('dns.test', 2))
    await world.rest()
    expect(world.asked('endpoints')).toEqual(['a.test'])
    expect(world.configs).toEqual([])
    await world.send('endpoints', assignment('a.test', [group([1, 2])]))
    expect(world.ports('a.test')).toEqual([1, 2])
    expect(world.ports('dns.test')).toEqual([])
  })

  test('make before break: a new configuration comes with the endpoints of its new clusters, meanwhile that before has news', async () => {
    const world = await World.started()
    await world.send('ServiceEntry', entry('a.test'), entry('b.test'))
    await world.rest()
    expect(world.asked('endpoints')).toEqual(['a.test', 'b.test'])
    expect(world.config?.clusters.has('b.test')).toBe(false)
    await world.send('endpoints', assignment('a.test', [group([3])]))
    expect(world.ports('a.test')).toEqual([3])
    expect(world.config?.clusters.has('b.test')).toBe(false)
    await world.send('endpoints', assignment('b.test', [group([4])]))
    expect([world.ports('a.test'), world.ports('b.test')]).toEqual([[3], [4]])
  })

  test('of clusters that are gone are asked for no more', async () => {
    const world = await World.started()
    await world.send('ServiceEntry', entry('b.test'))
    await world.rest()
    await world.send('endpoints', assignment('b.test', [group([4])]))
    expect(world.asked('endpoints')).toEqual(['b.test'])
    expect([...(world.config?.clusters.keys() ?? [])]).toEqual(['b.test'])
  })

  test('that never come are those of the documents: after 15 s nothing waits for them', async () => {
    const world = await World.opened()
    for (const kind of DOCUMENT_KINDS) await world.send(kind)
    await world.send('ServiceEntry', entry('a.test'))
    await world.rest()
    world.clock.advance(15_000)
    await settle()
    expect(world.ports('a.test')).toEqual([])
    expect(world.source.remark?.('a.test')).toBe(
      'ClusterLoadAssignment a.test: the server did not send it within 15 s (xDS server istiod:15010, node fallback)',
    )
    await world.send('endpoints', assignment('a.test', [group([1])]))
    expect(world.ports('a.test')).toEqual([1])
    expect(world.source.remark?.('a.test')).toBeUndefined()
  })

  test('that change leave all other clusters what they are', async () => {
    const world = await World.started()
    await world.send('ServiceEntry', entry('a.test'), entry('b.test'))
    await world.rest()
    await world.send('endpoints', assignment('b.test', [group([4])]))
    const before = world.config
    await world.send('endpoints', assignment('b.test', [group([5])]))
    expect(world.config?.clusters.get('a.test')).toBe(before?.clusters.get('a.test'))
    expect(world.ports('b.test')).toEqual([5])
    expect(world.config?.version).not.toBe(before?.version)
  })

  test('that are the same make no configuration', async () => {
    const world = await World.started()
    const { length } = world.configs
    await world.send('endpoints', assignment('a.test', [group([1])]))
    expect(world.configs).toHaveLength(length)
  })
})

describe('waiting', () => {
  test('for the first configuration is told with what is missing', async () => {
    const world = await World.opened()
    await world.send('Sidecar')
    world.clock.advance(30_000)
    expect(world.problems).toEqual([
      expect.objectContaining({
        code: 'XDS_UNREACHABLE',
        outcome: 'void',
        message: expect.stringContaining('waiting for MeshConfig, ServiceEntry, WorkloadEntry') as string,
      }),
    ])
  })

  test('ends with it; later trouble is told once, and what is in force stays', async () => {
    const world = await World.started()
    world.clock.advance(60_000)
    expect(world.problems).toEqual([])
    for (const _ of [1, 2]) {
      world.server.last.end('no rights')
      world.clock.advance(120_000)
      await settle()
    }
    expect(world.problems).toEqual([expect.objectContaining({ code: 'XDS_UNREACHABLE', outcome: 'kept' })])
    expect(world.source.remark?.('a.test')).toContain('last error: no rights')
  })

  test('closing ends the stream, and nothing is told any more', async () => {
    const world = await World.started()
    const { length } = world.configs
    await world.source.close()
    expect(world.server.last.closed).toBe(true)
    expect(world.configs).toHaveLength(length)
  })
})

describe('options', () => {
  test('istiod is told by the metadata of a node that nobody gives', () => {
    const { node, dialect } = settingsOf(
      { server: 's:1', dialect: 'documents' },
      {},
      { id: 'n', metadata: { NAMESPACE: 'x' } },
    )
    expect(node.metadata).toEqual({ NAMESPACE: 'x', GENERATOR: 'api' })
    expect(dialect).toBe('documents')
  })

  test('hosts and polling are not for documents, and documents not for the source of resources', () => {
    const wrong = (options: XdsOptions) => () =>
      settingsOf({ server: 'http://s:1', dialect: 'documents', ...options }, {}, { id: 'n' })
    expect(wrong({ hosts: ['a:80'] })).toThrow('`hosts` are for the dialect `api`')
    expect(wrong({ protocol: 'rest' })).toThrow('has no `protocol: rest`')
    const host = {
      clock: new VirtualClock(),
      random: new SeededRandom(1),
      regex: testRegex,
      env: {},
      node: { id: 'n' },
    }
    expect(() => xdsSource({ server: 's:1', dialect: 'documents' }, host)).toThrow(TypeError)
  })
})

/** @param resolution 1: STATIC, 2: DNS */
function entry(host: string, resolution = 1): Any {
  const body = new BinaryWriter()
    .raw(message([1, host]))
    .uint32(5 << 3)
    .int32(resolution)
    .finish()
  return { typeUrl: messageUrl('ServiceEntry'), value: nested(`ns/${host}`, 'ServiceEntry', body) }
}

function document(kind: DocumentKind, name: string): Any {
  return { typeUrl: messageUrl(kind), value: nested(name, kind, message()) }
}

/** istio.mesh.v1alpha1.MeshConfig with a root namespace. */
function settings(): Any {
  return { typeUrl: messageUrl('MeshConfig'), value: message([34, 'istio-system']) }
}

/** istio.mcp.v1alpha1.Resource */
function nested(name: string, kind: string, body: Uint8Array): Uint8Array {
  const type = `type.googleapis.com/istio.networking.v1alpha3.${kind}`
  return message([1, message([1, name])], [2, message([1, type], [2, body])])
}

/** Fields by number, each with text or a message. */
function message(...fields: readonly (readonly [number, string | Uint8Array])[]): Uint8Array {
  const writer = new BinaryWriter()
  for (const [number, value] of fields) {
    writer.uint32((number << 3) | 2)
    if (typeof value === 'string') writer.string(value)
    else writer.bytes(value)
  }
  return writer.finish()
}
