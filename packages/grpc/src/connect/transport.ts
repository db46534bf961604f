// A Connect-ES transport through the mesh: Connect and gRPC-web as HTTP, gRPC as calls of the gRPC door.
import { type ChannelOptions, Client, credentials } from '@grpc/grpc-js'
import type { Transport } from '@connectrpc/connect'
import { createTransport as createConnectTransport } from '@connectrpc/connect/protocol-connect'
import { createTransport as createGrpcTransport } from '@connectrpc/connect/protocol-grpc'
import { createTransport as createGrpcWebTransport } from '@connectrpc/connect/protocol-grpc-web'
import { house, type Housed } from '@proxyless/core/spi'
import { meshChannel } from '../mesh-channel.ts'
import { type Fetch, overFetch, wholeOverFetch } from './over-fetch.ts'
import { overGrpc } from './over-grpc.ts'

type HttpOptions = Parameters<typeof createConnectTransport>[0]

/** What every Connect transport takes, with Connect's own defaults; the HTTP client is the mesh. */
export interface ConnectTransportOptions extends Partial<Omit<HttpOptions, 'httpClient'>> {
  /** The service by its name in the mesh: `http://ratings:9080`. A path goes before those of the methods. */
  readonly baseUrl: string
  /**
   * What is spoken to the service. Default `connect`. Retries by gRPC status need `grpc`: in the other two the mesh sees HTTP,
   * where gRPC-web hides its status in the body.
   */
  readonly protocol?: 'connect' | 'grpc' | 'grpc-web'
  /** Of `grpc`: options of the channel, as grpc-js has them. */
  readonly channelOptions?: ChannelOptions
}

/**
 * For `createClient` of `@connectrpc/connect`.
 * @throws TypeError when the URL is not one of http or https, or when gRPC shall carry JSON or Connect's own compression
 */
export function connectTransport(
  mesh: Housed & { readonly fetch: Fetch },
  { protocol = 'connect', channelOptions, ...given }: ConnectTransportOptions,
): Transport {
  const options = {
    interceptors: [],
    useBinaryFormat: protocol !== 'connect',
    sendCompression: null,
    compressMinBytes: 1_024,
    readMaxBytes: 0xffffffff,
    writeMaxBytes: 0xffffffff,
    // fetch and grpc-js decompress what is not in envelopes of Connect's own
    acceptCompression: [],
    ...given,
  }
  const { protocol: scheme, host } = new URL(options.baseUrl)
  if (scheme !== 'http:' && scheme !== 'https:') {
    throw new TypeError(`connectTransport: baseUrl must be one of http or https, not ${options.baseUrl}`)
  }
  if (protocol === 'grpc') {
    refuseForGrpc(options)
    const client = new Client(host, scheme === 'https:' ? credentials.createSsl() : credentials.createInsecure(), {
      'grpc.max_receive_message_length': options.readMaxBytes,
      ...channelOptions,
      ...meshChannel(mesh),
    })
    return createGrpcTransport({ ...options, httpClient: overGrpc(client, mesh[house].clock) })
  }
  const create = protocol === 'connect' ? createConnectTransport : createGrpcWebTransport
  const one = create({ ...options, httpClient: wholeOverFetch(mesh.fetch) })
  const many = create({ ...options, httpClient: overFetch(mesh.fetch) })
  return {
    unary: (...call) => one.unary(...call),
    stream: (...call) => many.stream(...call),
  }
}

function refuseForGrpc({ useBinaryFormat, sendCompression, acceptCompression }: Omit<HttpOptions, 'httpClient'>): void {
  if (!useBinaryFormat) {
    throw new TypeError(
      'connectTransport: useBinaryFormat: false is not possible with gRPC here; use protocol "connect"',
    )
  }
  if (sendCompression !== null || acceptCompression.length > 0) {
    throw new TypeError(
      'connectTransport: with gRPC grpc-js compresses; set channelOptions: { "grpc.default_compression_algorithm": 2 }',
    )
  }
}
