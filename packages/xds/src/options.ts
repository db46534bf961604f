// What `xds()` takes, with the bootstrap's part filled in. Plain data and its defaults.
import {
  type Bootstrap,
  type BootstrapNode,
  type BootstrapServer,
  type Credentials,
  parseBootstrap,
} from './bootstrap/bootstrap.ts'
import { channelCredentials, isSupported } from './stream/channel-credentials.ts'
import { bootstrapFromEnvironment } from './bootstrap/environment.ts'

type Dialect = 'api' | 'documents' | 'sidecar'

export interface XdsOptions {
  /**
   * `host:port` or `unix:///path`. Of several a later one is asked while those before it fail and something is missing (gRFC A71).
   * Default: the servers of the bootstrap.
   */
  readonly server?: string | readonly string[]
  /** Who is asking. Default: the bootstrap's node. */
  readonly node?: {
    readonly id?: string
    readonly cluster?: string
    readonly locality?: { readonly region?: string; readonly zone?: string; readonly subZone?: string }
    readonly metadata?: Readonly<Record<string, unknown>>
  }
  /** How to connect. Default: the bootstrap's, else `insecure`. */
  readonly credentials?:
    | 'insecure'
    | { readonly caFile?: string; readonly certificateFile?: string; readonly privateKeyFile?: string }
  /** A bootstrap as text or object. Default: what GRPC_XDS_BOOTSTRAP or GRPC_XDS_BOOTSTRAP_CONFIG name, when `server` is not given. */
  readonly bootstrap?: string | object
  /** State of the world, which every server speaks, or delta; `rest`: an `http://` or `https://` server is polled. Default `sotw`. */
  readonly protocol?: 'sotw' | 'delta' | 'rest'
  /** Of `rest`: milliseconds between two polls, to which chance adds up to as many. Default 5000. */
  readonly pollMs?: number
  /**
   * What the server is asked for, and whose rules hold. `sidecar`: all listeners and clusters, as Envoy does; `api`: an
   * api_listener for each name that is called, as gRPC does; `documents`: Istio's documents, which the mesh translates itself,
   * and endpoints (istiod only). Default `api` where `hosts` are given, where the node's metadata has `GENERATOR: 'grpc'`, or
   * where a bootstrap names the server; else `sidecar`.
   */
  readonly dialect?: Dialect
  /** `api` only: names that callers use (`reviews:9080`); all others pass through. Left out: any name, asked for at its first call. */
  readonly hosts?: readonly string[]
  /** `api` without `hosts`: how long calls wait for a name that is new. Default 5 s. */
  readonly hostTimeoutMs?: number
  /** Servers are told the load of the clusters for which they ask it (`lrs_server`). Default true. */
  readonly loadReports?: boolean
  /** How long the first configuration is waited for. Default 30 s. */
  readonly startTimeoutMs?: number
}

export interface XdsSettings {
  /** At least one; in the order in which they are tried. */
  readonly servers: readonly BootstrapServer[]
  readonly node: BootstrapNode
  readonly bootstrap: Bootstrap
  readonly protocol: 'sotw' | 'delta' | 'rest'
  readonly pollMs: number
  readonly dialect: Dialect
  /** Undefined: all of a sidecar's, or those that are called. */
  readonly hosts: readonly string[] | undefined
  readonly hostTimeoutMs: number
  readonly loadReports: boolean
  readonly startTimeoutMs: number
}

/** @throws TypeError naming what is wrong or missing. */
export function settingsOf(
  options: XdsOptions,
  env: Readonly<Record<string, string | undefined>>,
  fallback: { readonly id: string; readonly metadata?: Readonly<Record<string, unknown>> },
): XdsSettings {
  const bootstrap = bootstrapOf(options, env)
  const servers = serversOf(options, bootstrap)
  if (servers.length === 0 || servers.some(({ uri }) => uri === '')) {
    throw new TypeError('no xDS server: give `server` or set GRPC_XDS_BOOTSTRAP or GRPC_XDS_BOOTSTRAP_CONFIG')
  }
  if (options.protocol === 'rest' && servers.some(({ uri }) => !/^https?:\/\//.test(uri))) {
    throw new TypeError('`protocol: rest` needs servers with addresses of http:// or https://')
  }
  // one that cannot be used is passed over while there are others
  if (!servers.some(({ credentials }) => isSupported(credentials))) channelCredentials(servers[0]!.credentials)
  const { id, cluster, locality, metadata } = options.node ?? {}
  const named = bootstrap?.node
  const said = metadata ?? named?.metadata
  const dialect = dialectOf(options, said, options.server === undefined)
  if (dialect === 'documents' && options.protocol === 'rest') {
    throw new TypeError('the dialect `documents` has no `protocol: rest`')
  }
  return {
    servers,
    node: {
      id: id ?? (named?.id || fallback.id),
      cluster: cluster ?? named?.cluster ?? '',
      locality:
        locality === undefined
          ? named?.locality
          : { region: locality.region ?? '', zone: locality.zone ?? '', subZone: locality.subZone ?? '' },
      metadata: metadata ?? (named === undefined ? { ...fallback.metadata, ...generatorOf(dialect) } : named.metadata),
    },
    bootstrap: bootstrap ?? nothing,
    protocol: options.protocol ?? 'sotw',
    pollMs: options.pollMs ?? 5000,
    dialect,
    hosts: options.hosts,
    hostTimeoutMs: options.hostTimeoutMs ?? 5_000,
    loadReports: options.loadReports ?? true,
    startTimeoutMs: options.startTimeoutMs ?? 30_000,
  }
}

function dialectOf(
  { dialect, hosts }: XdsOptions,
  metadata: Readonly<Record<string, unknown>> | undefined,
  fromBootstrap: boolean,
): Dialect {
  if (dialect !== undefined && dialect !== 'api' && hosts !== undefined) {
    throw new TypeError(`\`hosts\` are for the dialect \`api\`: \`${dialect}\` asks for everything`)
  }
  if (dialect !== undefined) return dialect
  return hosts !== undefined || metadata?.['GENERATOR'] === 'grpc' || fromBootstrap ? 'api' : 'sidecar'
}

/** What istiod must be told to speak a dialect. */
function generatorOf(dialect: Dialect): { GENERATOR?: string } {
  if (dialect === 'sidecar') return {}
  return { GENERATOR: dialect === 'api' ? 'grpc' : 'api' }
}

const nothing: Bootstrap = {
  servers: [],
  node: { id: '', cluster: '', locality: undefined, metadata: undefined },
  certificates: new Map(),
  serverListenerTemplate: undefined,
  clientListenerTemplate: '%s',
  authorities: new Map(),
}

function bootstrapOf(options: XdsOptions, env: Readonly<Record<string, string | undefined>>): Bootstrap | undefined {
  const { bootstrap, server } = options
  if (bootstrap !== undefined) {
    return parseBootstrap(typeof bootstrap === 'string' ? bootstrap : JSON.stringify(bootstrap), 'bootstrap')
  }
  return server === undefined ? bootstrapFromEnvironment(env) : undefined
}

/** What the options say stands for what the bootstrap says, server by server. */
function serversOf(options: XdsOptions, bootstrap: Bootstrap | undefined): BootstrapServer[] {
  const given = credentialsOf(options)
  const known = bootstrap?.servers ?? []
  const uris = options.server === undefined ? known.map(({ uri }) => uri) : [options.server].flat()
  return uris.map((uri, index) => ({
    uri,
    credentials: given ?? known[index]?.credentials ?? [{ type: 'insecure' }],
    features: known[index]?.features ?? new Set(),
  }))
}

function credentialsOf({ credentials }: XdsOptions): Credentials[] | undefined {
  if (credentials === undefined) return undefined
  return [credentials === 'insecure' ? { type: 'insecure' } : { type: 'tls', ...credentials }]
}
