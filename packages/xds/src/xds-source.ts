// The mesh's configuration source for xDS: subscribes, resolves what comes, and says what is missing.
import type { Clock, ConfigSink, ConfigSource, MeshConfig, Problem, Random, RegexEngine } from '@proxyless/core/spi'
import type { Authorities } from './authority/authorities.ts'
import type { Server } from './authority/authority.ts'
import { openAuthorities } from './authority/of-settings.ts'
import { CalledHosts } from './called-hosts.ts'
import { calledName, listenerName, wantedListener } from './bootstrap/listener-name.ts'
import { LoadReporter } from './load/load-reporter.ts'
import { LoadReports } from './load/load-reports.ts'
import { nodeMessage } from './node.ts'
import { settingsOf, type XdsOptions, type XdsSettings } from './options.ts'
import { known } from './resolve/cache.ts'
import { Memory } from './resolve/memory.ts'
import { remarkOn } from './resolve/remark.ts'
import { type Resolution, resolve, type Wanted } from './resolve/resolve.ts'
import { Resolving } from './resolve/resolving.ts'
import { tellStatus } from './status/client-status.ts'
import { type Kind, KINDS } from './stream/kinds.ts'
import type { AdsTransport } from './stream/transport.ts'
import { serverNames, unreachable } from './unreachable.ts'

/** What the process gives. */
export interface XdsHost {
  readonly clock: Clock
  readonly random: Random
  readonly regex: RegexEngine
  readonly env: Readonly<Record<string, string | undefined>>
  /** The node where nobody says one. */
  readonly node: { readonly id: string; readonly metadata?: Readonly<Record<string, unknown>> }
  /** For tests: instead of a connection by gRPC. */
  readonly transport?: (server: string) => AdsTransport
}

/** @throws TypeError for options or a bootstrap that are wrong, and for `dialect: documents`, which `xdsDocuments` is for. */
export function xdsSource(options: XdsOptions, host: XdsHost): ConfigSource {
  const settings = settingsOf(options, host.env, host.node)
  if (settings.dialect === 'documents') throw new TypeError('`dialect: documents` needs what translates documents')
  return new XdsSource(settings, host)
}

class XdsSource implements ConfigSource {
  readonly #settings: XdsSettings
  readonly #host: XdsHost
  /** Names that are asked for when they are called; undefined: all that is wanted is known from the start. */
  readonly #called: CalledHosts | undefined
  /** Names that are asked for from the start; undefined: everything there is. */
  readonly #named: ReadonlyMap<string, string> | undefined
  readonly #memory = new Memory()
  #resolving: Resolving | undefined
  readonly #asked = new Map<Kind, ReadonlySet<string>>()
  #sink: ConfigSink | undefined
  #resources: Authorities | undefined
  #loads: LoadReports<Server> | undefined
  #delivered: MeshConfig | undefined
  #told: string | undefined
  #waiting: readonly string[] = []
  #endWait: () => void = () => undefined
  #endStatus: () => void = () => undefined

  constructor(settings: XdsSettings, host: XdsHost) {
    this.#settings = settings
    this.#host = host
    const { dialect, hosts, bootstrap, hostTimeoutMs } = settings
    this.#named = hosts && new Map(hosts.map((each) => [calledName(each), listenerName(each, bootstrap)]))
    if (dialect === 'api' && hosts === undefined) {
      this.#called = new CalledHosts({
        clock: host.clock,
        timeoutMs: hostTimeoutMs,
        listenerName: (each) => wantedListener(each, bootstrap),
        isKnown: (each) => this.#memory.trees.isInForce(each),
        changed: () => this.#resolving?.update(),
      })
    }
  }

  start(sink: ConfigSink): void {
    const { clock } = this.#host
    this.#sink = sink
    this.#resources = openAuthorities(this.#settings, this.#host, (changes, handled) => {
      this.#resolving?.update(changes, handled)
      if (this.#resources !== undefined) this.#loads?.update(changes.get('cluster') ?? none, this.#resources)
    })
    this.#endStatus = tellStatus({
      node: nodeMessage(this.#settings.node),
      scope: this.#settings.hosts?.join(', ') ?? this.#settings.dialect,
      wanted: (kind) => this.#resources?.wanted(kind) ?? [],
    })
    if (this.#settings.loadReports && this.#settings.protocol !== 'rest') this.#loads = this.#reportLoads(sink)
    const timer = clock.setTimer(this.#settings.startTimeoutMs, () => sink.problem(this.#unreachable()), false)
    this.#endWait = () => clock.clearTimer(timer)
    const resources = this.#resources
    this.#resolving = new Resolving(
      clock,
      (changes) => resolve(resources, this.#wanted(resources), this.#memory, changes),
      (resolution) => this.#take(resources, resolution),
    )
    this.#resolving.update(new Map(KINDS.map((kind) => [kind, new Set(resources.entries(kind).keys())])))
  }

  want(host: string): void {
    this.#called?.want(host)
  }

  remark(cluster: string): string | undefined {
    return this.#resources && remarkOn(this.#resources, cluster, this.#wanted(this.#resources))
  }

  async close(): Promise<void> {
    this.#endWait()
    this.#endStatus()
    this.#called?.close()
    this.#resolving?.close()
    this.#loads?.close()
    this.#resources?.close()
    this.#resources = undefined
  }

  #reportLoads(sink: ConfigSink): LoadReports<Server> {
    const { clock, random } = this.#host
    const node = nodeMessage(this.#settings.node)
    const serviceName = (cluster: string): string => {
      const discovery = this.#resources && known(this.#resources, 'cluster', cluster)?.discovery
      return discovery?.kind === 'named' && discovery.assignment !== cluster ? discovery.assignment : ''
    }
    return new LoadReports<Server>(
      () => sink.living?.() ?? new Map<string, never>(),
      (server, living) => new LoadReporter({ transport: server.transport(), node, clock, random, living, serviceName }),
    )
  }

  #take(resources: Authorities, { config, wants, waiting }: Resolution): void {
    const sink = this.#sink
    this.#waiting = waiting
    for (const kind of KINDS) {
      if (this.#asked.get(kind) === wants[kind]) continue
      this.#asked.set(kind, wants[kind])
      resources.want(kind, wants[kind])
    }
    if (sink === undefined) return
    if (config !== undefined && config !== this.#delivered) {
      this.#endWait()
      this.#delivered = config
      sink.config(config)
    }
    this.#tellTrouble(resources.trouble, sink)
  }

  #wanted({ trouble }: Authorities): Wanted {
    const { node } = this.#settings
    return {
      server: serverNames(this.#settings),
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
    const troubles = this.#resources?.troubles ?? []
    return unreachable(this.#settings, troubles, this.#delivered === undefined ? this.#waiting : undefined)
  }
}

const none: ReadonlySet<string> = new Set()
