// The mesh's configuration source for xDS: subscribes, resolves what comes, and says what is missing.
import type { Clock, ConfigSink, ConfigSource, MeshConfig, Problem, Random, RegexEngine } from '@proxyless/core/spi'
import { CalledHosts } from './called-hosts.ts'
import { listenerName } from './bootstrap/listener-name.ts'
import { createDecoder } from './decode/decoder.ts'
import { nodeMessage } from './node.ts'
import { settingsOf, type XdsOptions, type XdsSettings } from './options.ts'
import { Memory, resolve, type Wanted } from './resolve/resolve.ts'
import { AdsClient, type Subscription } from './stream/ads-client.ts'
import { channelCredentials } from './stream/channel-credentials.ts'
import { Delta } from './stream/delta.ts'
import { GrpcTransport } from './stream/grpc-transport.ts'
import { KINDS } from './stream/kinds.ts'
import { type Lease, leaseClient } from './stream/shared-clients.ts'
import { StateOfTheWorld } from './stream/sotw.ts'
import type { AdsTransport } from './stream/transport.ts'

/** What the process gives. */
export interface XdsHost {
  readonly clock: Clock
  readonly random: Random
  readonly regex: RegexEngine
  readonly env: Readonly<Record<string, string | undefined>>
  /** The node where nobody says one. */
  readonly node: { readonly id: string; readonly metadata?: Readonly<Record<string, unknown>> }
  /** For tests: instead of a connection by gRPC. */
  readonly transport?: AdsTransport
}

/** @throws TypeError for options or a bootstrap that are wrong. */
export function xdsSource(options: XdsOptions, host: XdsHost): ConfigSource {
  return new XdsSource(settingsOf(options, host.env, host.node), host)
}

class XdsSource implements ConfigSource {
  readonly #settings: XdsSettings
  readonly #host: XdsHost
  /** Names that are asked for when they are called; undefined: all that is wanted is known from the start. */
  readonly #called: CalledHosts | undefined
  /** Names that are asked for from the start; undefined: everything there is. */
  readonly #named: ReadonlyMap<string, string> | undefined
  readonly #memory = new Memory()
  #sink: ConfigSink | undefined
  #lease: Lease | undefined
  #subscription: Subscription | undefined
  #delivered: MeshConfig | undefined
  #told: string | undefined
  #waiting: readonly string[] = []
  #endWait: () => void = () => undefined

  constructor(settings: XdsSettings, host: XdsHost) {
    this.#settings = settings
    this.#host = host
    const { dialect, hosts, bootstrap, hostTimeoutMs } = settings
    this.#named = hosts && new Map(hosts.map((each) => [plain(each), listenerName(each, bootstrap)]))
    if (dialect === 'api' && hosts === undefined) {
      this.#called = new CalledHosts({
        clock: host.clock,
        timeoutMs: hostTimeoutMs,
        listenerName: (each) => listenerName(each, bootstrap),
        isKnown: (each) => this.#memory.trees.has(each),
        changed: () => this.#update(),
      })
    }
  }

  start(sink: ConfigSink): void {
    const { clock } = this.#host
    this.#lease = leaseClient(this.#key(), () => this.#makeClient())
    this.#sink = sink
    this.#subscription = this.#lease.client.subscribe((_changes, handled) => {
      this.#update()
      handled()
    })
    const timer = clock.setTimer(this.#settings.startTimeoutMs, () => sink.problem(this.#unreachable()), false)
    this.#endWait = () => clock.clearTimer(timer)
    this.#update()
  }

  want(host: string): void {
    this.#called?.want(host)
  }

  async close(): Promise<void> {
    this.#endWait()
    this.#called?.close()
    this.#subscription?.close()
    this.#subscription = undefined
    this.#lease?.release()
  }

  #update(): void {
    const client = this.#lease?.client
    const sink = this.#sink
    if (client === undefined || sink === undefined || this.#subscription === undefined) return
    const { config, wants, waiting } = resolve(client, this.#wanted(client), this.#memory)
    this.#waiting = waiting
    for (const kind of KINDS) this.#subscription.want(kind, wants[kind])
    if (config !== undefined && config !== this.#delivered) {
      this.#endWait()
      this.#delivered = config
      sink.config(config)
    }
    this.#tellTrouble(client.trouble, sink)
  }

  #wanted({ trouble }: AdsClient): Wanted {
    const { server, node } = this.#settings
    return {
      server,
      node: node.id,
      trouble,
      targets: this.#named ?? this.#called?.targets ?? 'all',
      onDemand: this.#called !== undefined,
      overdue: this.#called?.overdue ?? none,
    }
  }

  /** Before the first configuration trouble is only remembered: the server may still come. */
  #tellTrouble(trouble: string | undefined, sink: ConfigSink): void {
    if (this.#delivered === undefined || trouble === this.#told) return
    this.#told = trouble
    if (trouble !== undefined) sink.problem(this.#unreachable())
  }

  #unreachable(): Problem {
    const { server, node, startTimeoutMs } = this.#settings
    const last = this.#lease?.client.trouble ?? 'none'
    const missing = [...this.#waiting.slice(0, 5), ...(this.#waiting.length > 5 ? ['...'] : [])].join(', ')
    const first = this.#delivered === undefined
    return {
      code: 'XDS_UNREACHABLE',
      severity: 'error',
      outcome: first ? 'void' : 'kept',
      resource: `xDS server ${server}`,
      path: '',
      message: first
        ? `no configuration within ${startTimeoutMs / 1000} s; waiting for ${missing} (node ${node.id}, last error: ${last})`
        : `${last} (node ${node.id}); the last configuration stays in force`,
      source: server,
    }
  }

  /** Two who differ in any of this do not share a stream. */
  #key(): string {
    const { server, credentials, node, protocol, dialect, features, bootstrap } = this.#settings
    if (this.#host.transport !== undefined) return `given ${(given += 1)}`
    return JSON.stringify([server, credentials, node, protocol, dialect, [...features], [...bootstrap.certificates]])
  }

  #makeClient(): AdsClient {
    const { server, credentials, features, node, protocol, dialect, bootstrap } = this.#settings
    const { clock, random, regex, transport } = this.#host
    const message = nodeMessage(node)
    return new AdsClient({
      transport: transport ?? new GrpcTransport({ server, credentials: channelCredentials(credentials), clock }),
      variant: protocol === 'delta' ? new Delta(message) : new StateOfTheWorld(message),
      clock,
      random,
      decode: createDecoder({
        dialect,
        regex,
        source: server,
        certificates: bootstrap.certificates,
      }),
      failOnDataErrors: features.has('fail_on_data_errors'),
      timeoutIsTransient: features.has('resource_timer_is_transient_error'),
    })
  }
}

const none: ReadonlySet<string> = new Set()

let given = 0

/** `xds://AUTHORITY/name` and `name` are called by the name. */
function plain(target: string): string {
  return target.replace(/^xds:\/\/[^/]*\//, '')
}
