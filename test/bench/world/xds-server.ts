// A control plane for the bench: serves the large world, or the wide cluster, by ADS; its parent says by messages what changes.
// A process of its own; sends its port to its parent and ends with it.
import { type ServerDuplexStream, Server, ServerCredentials } from '@grpc/grpc-js'
import { any, decode, encode, type Fields } from './wire.ts'
import {
  assignment,
  loopbackResources,
  type Resource,
  resourcesOf,
  type Type,
  types,
  wideResources,
  type XdsWorld,
} from './xds-resources.ts'

/** Told by the parent: this cluster's endpoints are now those from number `first` on. */
export interface Change {
  readonly cluster: string
  readonly first: number
  readonly endpoints: number
}

type Stream = ServerDuplexStream<Buffer, Buffer>

const world = JSON.parse(process.argv[2] ?? '') as XdsWorld & { readonly wide?: number; readonly ports?: number[] }
const served = new Map<Type, Map<string, Resource>>()
for (const type of Object.keys(types) as Type[]) {
  const resources = world.ports ? loopbackResources(type, world.ports) : largeResources(type)
  served.set(type, new Map(resources.map((each) => [each.name, each])))
}
let version = 1
const changed = new Set<(resource: Resource) => void>()

function largeResources(type: Type): Resource[] {
  return world.wide === undefined ? resourcesOf(type, world) : wideResources(type, world.wide)
}

function serve(stream: Stream, read: (request: Buffer) => Request, reply: Reply): void {
  const subscribed = new Map<Type, Set<string>>()
  stream.on('error', () => undefined)
  stream.on('end', () => stream.end())
  stream.on('data', (bytes: Buffer) => {
    const { type, names, refused } = read(bytes)
    if (refused !== undefined) {
      console.error(`the client refuses: ${refused}`)
      process.exit(1)
    }
    const before = subscribed.get(type)
    const resources = served.get(type) ?? new Map<string, Resource>()
    const wanted = names.length === 0 && before === undefined ? [...resources.keys()] : names
    const fresh = wanted.filter((name) => before?.has(name) !== true)
    subscribed.set(type, new Set([...(before ?? []), ...wanted]))
    const found = fresh.flatMap((name) => resources.get(name) ?? [])
    if (found.length > 0) stream.write(reply(type, found))
  })
  const push = (resource: Resource): void => {
    if (subscribed.get('endpoints')?.has(resource.name) === true) stream.write(reply('endpoints', [resource]))
  }
  changed.add(push)
  stream.on('close', () => changed.delete(push))
}

interface Request {
  readonly type: Type
  readonly names: readonly string[]
  readonly refused: string | undefined
}

type Reply = (type: Type, resources: readonly Resource[]) => Buffer

const sotwReply: Reply = (type, resources) =>
  encode({ 1: `${version}`, 2: resources.map((each) => packed(type, each)), 4: urlOf(type), 5: `${version}` })

const deltaReply: Reply = (type, resources) =>
  encode({
    1: `${version}`,
    2: resources.map((each) => ({ 3: each.name, 1: `${version}`, 2: packed(type, each) })),
    4: urlOf(type),
    5: `${version}`,
  })

function packed(type: Type, { bytes }: Resource): Fields {
  return { 1: urlOf(type), 2: bytes }
}

function urlOf(type: Type): string {
  return any(types[type], {})[1] as string
}

/** @param fields their numbers */
function reader(typeUrl: number, resourceNames: number, errorDetail: number): (request: Buffer) => Request {
  return (request) => {
    const found = [...decode(request)]
    const texts = (field: number): string[] =>
      found.filter((each) => each.field === field).map(({ value }) => value.toString())
    const url = texts(typeUrl)[0] ?? ''
    const type = (Object.keys(types) as Type[]).find((each) => url.endsWith(types[each])) ?? 'cluster'
    return { type, names: texts(resourceNames).filter((name) => name !== '*'), refused: texts(errorDetail)[0] }
  }
}

const server = new Server({ 'grpc.max_send_message_length': -1 })
const asIs = (bytes: Buffer): Buffer => bytes
const method = (path: string) => ({
  path: `/envoy.service.discovery.v3.AggregatedDiscoveryService/${path}`,
  requestStream: true,
  responseStream: true,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
})
server.addService(
  {
    StreamAggregatedResources: method('StreamAggregatedResources'),
    DeltaAggregatedResources: method('DeltaAggregatedResources'),
  },
  {
    StreamAggregatedResources: (stream: Stream) => serve(stream, reader(4, 3, 6), sotwReply),
    DeltaAggregatedResources: (stream: Stream) => serve(stream, reader(2, 3, 7), deltaReply),
  },
)
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error
  process.send?.(port)
})
process.on('message', (message) => {
  const { cluster, first, endpoints } = message as Change
  version++
  const resource = assignment(cluster, first, endpoints)
  served.get('endpoints')?.set(cluster, resource)
  for (const push of changed) push(resource)
})
process.on('disconnect', () => process.exit())
