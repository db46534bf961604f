// Connections that are alike: the same credentials and channel options. Clients of one lane share an endpoint's connections.
import type { ChannelCredentials, ChannelOptions } from '@grpc/grpc-js'
import { splitAuthority, type tlsFor, withoutBrackets } from '@proxyless/core/spi'
import { callCredentialsOf } from './channel-call-credentials.ts'
import type { GrpcCopy } from './copy.ts'
import type { LanePool } from './lane-pool.ts'
import { tlsCredentials } from './tls.ts'

/** How an endpoint is reached. */
type Way = ReturnType<typeof tlsFor>

/** What the mesh does itself, or what is said of each call. */
const ours: ReadonlySet<string> = new Set([
  'grpc.default_authority',
  'grpc.service_config',
  'grpc.enable_retries',
  'grpc.retry_buffer_size',
  'grpc.per_rpc_retry_buffer_size',
])

const ofAnotherCopy =
  'these credentials are of another copy of @grpc/grpc-js than the one that @proxyless/grpc loads: registerMesh(mesh, from) takes clients of that copy'

export class Lane {
  /** Of grpc-js: whose the credentials are. */
  readonly copy: GrpcCopy
  readonly credentials: ChannelCredentials
  readonly options: ChannelOptions
  readonly secure: boolean
  /** Of channels that use it. */
  channels = 0
  /** Nobody will use it again: its connections close as soon as they are idle. */
  left = false
  /** That have connections of it, or calls that wait for one. */
  readonly pools: Set<LanePool> = new Set()
  readonly #number: number
  readonly #plainKey: string

  /** @throws TypeError when the credentials are of another copy */
  constructor(copy: GrpcCopy, credentials: ChannelCredentials, options: ChannelOptions, number: number) {
    if (!(credentials instanceof copy.ChannelCredentials)) throw new TypeError(ofAnotherCopy)
    this.copy = copy
    this.credentials = credentials
    this.options = options
    this.secure = credentials._isSecure()
    this.#number = number
    this.#plainKey = String(number)
  }

  isLike(credentials: ChannelCredentials, options: ChannelOptions): boolean {
    return this.credentials._equals(credentials) && isSame(this.options, options)
  }

  /** Connections with the same key are alike; the cluster's TLS comes before the application's. */
  keyFor({ tls, unavailable }: Way, authority: string): string {
    if (tls === undefined && unavailable === undefined && !this.secure) return this.#plainKey
    return `${this.#number} tls ${tls?.serverName ?? splitAuthority(authority).host}`
  }

  /**
   * Of the cluster's TLS, with what the application's credentials say of each call.
   * @throws Error naming a TLS file that cannot be read, or why the endpoint cannot be reached as it should be
   */
  credentialsFor({ tls, unavailable }: Way): ChannelCredentials {
    if (unavailable !== undefined) throw new Error(unavailable)
    if (tls === undefined) return this.credentials
    const ofCalls = callCredentialsOf(this.credentials, this.copy)
    const secured = tlsCredentials(tls, this.copy)
    return ofCalls === undefined ? secured : secured.compose(ofCalls)
  }

  /** What TLS is told besides: who is expected. */
  namesFor({ tls }: Way, authority: string): ChannelOptions {
    const name = tls?.serverName ?? withoutBrackets(splitAuthority(authority).host)
    const given = this.options['grpc.ssl_target_name_override']
    if (tls === undefined) return { 'grpc.ssl_target_name_override': given ?? name }
    return { 'grpc.ssl_target_name_override': name }
  }
}

/** Of what a client was given: what concerns its connections. */
export function laneOptions(options: ChannelOptions): ChannelOptions {
  return Object.fromEntries(
    Object.entries(options).filter(
      ([name, value]) => name.startsWith('grpc') && value !== undefined && !ours.has(name),
    ),
  )
}

function isSame(one: ChannelOptions, other: ChannelOptions): boolean {
  const names = Object.keys(one)
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name])
}
