// A process in which grpc-js-xds watches the wide assignment: its longest block while that gets as many endpoints as it is told.
// Only its client, no balancer: the least that a gRPC application has to do.
import { createRequire } from 'node:module'
import { watched } from '../harness/event-loop.ts'
import { wide } from './xds-resources.ts'

interface Assignment {
  readonly endpoints: readonly { readonly lb_endpoints: readonly unknown[] }[]
}

interface Watching {
  onResourceChanged(resource: Assignment): void
  onError(status: { readonly details: string }): void
  onResourceDoesNotExist(): void
}

/** Of the package's inside. */
interface Client {
  readonly getSingletonXdsClient: () => object
  readonly Watcher: new (watching: Watching) => object
}
interface Endpoints {
  readonly EndpointResourceType: { startWatch(client: object, name: string, watcher: object): void }
}

const [, , server = '', endpoints] = process.argv
process.env['GRPC_XDS_BOOTSTRAP_CONFIG'] = JSON.stringify({
  xds_servers: [{ server_uri: server, channel_creds: [{ type: 'insecure' }], server_features: ['xds_v3'] }],
  node: { id: 'bench', locality: {} },
})
const require = createRequire(import.meta.url)
const { getSingletonXdsClient, Watcher } = require('@grpc/grpc-js-xds/build/src/xds-client') as Client
const { EndpointResourceType } =
  require('@grpc/grpc-js-xds/build/src/xds-resource-type/endpoint-resource-type') as Endpoints

let seen = 0
const waiting = new Map<number, () => void>()
const until = (count: number): Promise<void> => new Promise((resolve) => waiting.set(count, resolve))
const fail = (why: string): never => {
  throw new Error(why)
}
EndpointResourceType.startWatch(
  getSingletonXdsClient(),
  wide,
  new Watcher({
    onResourceChanged: (assignment) => {
      seen = assignment.endpoints.reduce((sum, group) => sum + group.lb_endpoints.length, 0)
      waiting.get(seen)?.()
    },
    onError: ({ details }) => fail(details),
    onResourceDoesNotExist: () => fail('no assignment'),
  }),
)
await until(10)
process.send?.('ready')
const { longestBlockMs } = await watched(() => until(Number(endpoints)))
process.send?.(longestBlockMs)
process.on('disconnect', () => process.exit())
