// The client of one server of the settings, shared by all in this process that ask it in the same way.
import type { BootstrapServer } from './bootstrap/bootstrap.ts'
import type { Server } from './authority/authority.ts'
import { createDecoder, type ReadDocument } from './decode/decoder.ts'
import { nodeMessage } from './node.ts'
import type { XdsSettings } from './options.ts'
import { postTo } from './rest/post.ts'
import { RestTransport } from './rest/rest-transport.ts'
import { AdsClient } from './stream/ads-client.ts'
import { channelCredentials } from './stream/channel-credentials.ts'
import { Delta } from './stream/delta.ts'
import { GrpcTransport } from './stream/grpc-transport.ts'
import { leaseClient } from './stream/shared-clients.ts'
import { StateOfTheWorld } from './stream/sotw.ts'
import type { AdsTransport } from './stream/transport.ts'
import type { XdsHost } from './xds-source.ts'

/** @param documentsOf for `dialect: documents`: what reads those of a server */
export function serverOf(
  server: BootstrapServer,
  settings: XdsSettings,
  host: XdsHost,
  documentsOf?: (server: string) => ReadDocument,
): Server {
  return {
    uri: server.uri,
    failOnDataErrors: server.features.has('fail_on_data_errors'),
    transport: () => transportTo(server, settings, host),
    lease: () => leaseClient(keyOf(server, settings, host), () => makeClient(server, settings, host, documentsOf)),
  }
}

/** Two who differ in any of this do not share a stream. */
function keyOf(server: BootstrapServer, { node, protocol, dialect, bootstrap }: XdsSettings, host: XdsHost): string {
  const given = host.transport === undefined ? undefined : numberOf(host.transport)
  const { uri, credentials, features } = server
  const { certificates } = bootstrap
  return JSON.stringify([given, uri, credentials, [...features], node, protocol, dialect, [...certificates]])
}

function makeClient(
  server: BootstrapServer,
  settings: XdsSettings,
  host: XdsHost,
  documentsOf?: (server: string) => ReadDocument,
): AdsClient {
  const { uri, features } = server
  const { node, protocol, dialect, bootstrap } = settings
  const { clock, random, regex } = host
  const message = nodeMessage(node)
  return new AdsClient({
    transport: transportTo(server, settings, host),
    variant: protocol === 'delta' ? new Delta(message) : new StateOfTheWorld(message),
    clock,
    random,
    decode: createDecoder(
      {
        dialect: dialect === 'api' ? 'api' : 'sidecar',
        regex,
        source: uri,
        instance: node.id,
        certificates: bootstrap.certificates,
        trusted: features.has('trusted_xds_server'),
      },
      documentsOf?.(uri),
    ),
    failOnDataErrors: features.has('fail_on_data_errors'),
    timeoutIsTransient: features.has('resource_timer_is_transient_error'),
  })
}

function transportTo(
  { uri, credentials }: BootstrapServer,
  { protocol, pollMs }: XdsSettings,
  { clock, random, transport }: XdsHost,
): AdsTransport {
  if (protocol === 'rest') {
    return new RestTransport({ server: uri, post: postTo(uri, credentials), clock, random, pollMs })
  }
  return (
    transport?.(uri) ?? new GrpcTransport({ server: uri, credentials: () => channelCredentials(credentials), clock })
  )
}

const numbers = new WeakMap<object, number>()
let count = 0

/** Connections that a test gives are shared by those who were given the same. */
function numberOf(given: object): number {
  const number = numbers.get(given) ?? (count += 1)
  numbers.set(given, number)
  return number
}
