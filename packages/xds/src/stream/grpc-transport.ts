// The connection to a control plane by grpc-js: a new channel for each stream, so that the client's own back-off decides.
// It stays until the next one, with the state it came to: channelz shows a server that cannot be reached, too.
import { type ChannelCredentials, type ChannelOptions, Client, connectivityState, Metadata } from '@grpc/grpc-js'
import type { Clock } from '@proxyless/core/spi'
import { BackgroundCredentials } from './background-credentials.ts'
import type { AdsStream, AdsTransport, StreamEvents } from './transport.ts'

export interface GrpcTransportOptions {
  /** Target as gRPC has it: `host:port`, `unix:///path`, `dns:///host:port`. */
  readonly server: string
  /** Made anew for each connection: files of certificates may have changed. What it throws is why there is none. */
  readonly credentials: () => ChannelCredentials
  readonly clock: Clock
  /** A connection that is not usable by then is given up: also one that is accepted and stays silent. Default 20 s. */
  readonly connectTimeoutMs?: number
  /** A connection silent for so long is asked whether it lives. Default 5 min, what servers allow by default. */
  readonly keepAliveMs?: number
  /** For TLS: the server's name where it is not the target's. */
  readonly authority?: string
}

const maxMessageBytes = 128 * 1024 * 1024
/** A channel connects once; days are as long as grpc-js can wait. */
const neverMs = 1e9

const asIs = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
/** Not a Buffer, whose parts are slow to make. */
const raw = (buffer: Buffer): Uint8Array => new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)

export class GrpcTransport implements AdsTransport {
  readonly #options: GrpcTransportOptions
  #client: Client | undefined

  constructor(options: GrpcTransportOptions) {
    this.#options = options
  }

  get server(): string {
    return this.#options.server
  }

  open(method: string, events: StreamEvents): AdsStream {
    const { server, clock, connectTimeoutMs = 20_000 } = this.#options
    let credentials: BackgroundCredentials
    try {
      credentials = new BackgroundCredentials(this.#options.credentials())
    } catch (error) {
      return unusable(events, error instanceof Error ? error.message : String(error))
    }
    this.close()
    const client = new Client(server, credentials, this.#channelOptions())
    this.#client = client
    const call = client.makeBidiStreamRequest(method, asIs, raw, new Metadata())
    let live = true
    const finish = (): void => {
      live = false
      clock.clearTimer(timer)
      call.cancel()
    }
    const end = (reason: string): void => {
      if (!live) return
      finish()
      events.ended(reason)
    }
    const late = (): void => {
      end(`no connection within ${connectTimeoutMs / 1000} s`)
      // what still connects keeps the process alive
      client.close()
    }
    const timer = clock.setTimer(connectTimeoutMs, late, true)
    whenReady(client, () => {
      clock.clearTimer(timer)
      if (live) events.opened()
    })
    call.on('data', (bytes: Uint8Array) => {
      credentials.release()
      call.pause()
      if (live) events.message(bytes, () => call.resume())
    })
    call.on('error', (error) => end(error.message))
    call.on('end', () => end('the server ended the stream'))
    return {
      send: (bytes) => {
        if (live) call.write(bytes, () => credentials.release())
      },
      close: finish,
    }
  }

  close(): void {
    this.#client?.close()
    this.#client = undefined
  }

  #channelOptions(): ChannelOptions {
    const { keepAliveMs = 300_000, authority } = this.#options
    return {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.keepalive_time_ms': keepAliveMs,
      'grpc.keepalive_timeout_ms': 20_000,
      'grpc.max_receive_message_length': maxMessageBytes,
      'grpc.initial_reconnect_backoff_ms': neverMs,
      'grpc.max_reconnect_backoff_ms': neverMs,
      'grpc.service_config_disable_resolution': 1,
      'grpc.enable_retries': 0,
      // a mesh that is installed in the process leaves it alone
      'proxyless.unmeshed': 1,
      ...(authority === undefined
        ? {}
        : { 'grpc.default_authority': authority, 'grpc.ssl_target_name_override': authority }),
    }
  }
}

function unusable(events: StreamEvents, reason: string): AdsStream {
  let live = true
  queueMicrotask(() => live && events.ended(reason))
  return { send: () => undefined, close: () => void (live = false) }
}

function whenReady(client: Client, ready: () => void): void {
  const channel = client.getChannel()
  const look = (): void => {
    const state = channel.getConnectivityState(true)
    if (state === connectivityState.READY) ready()
    else if (state !== connectivityState.SHUTDOWN) {
      channel.watchConnectivityState(state, Infinity, (error) => {
        if (error === undefined || error === null) look()
      })
    }
  }
  look()
}
