// istiod's documents (`GENERATOR=api`) as a configuration source: they are translated in this process, as if they were read from files,
// and the endpoints of the clusters that come out of it are asked for on the same stream.
import type { ConfigSink, ConfigSource, DocumentSink, DocumentSource, MeshConfig, Problem } from '@proxyless/core/spi'
import type { Authorities } from '../authority/authorities.ts'
import { openAuthorities } from '../authority/of-settings.ts'
import { nodeMessage } from '../node.ts'
import { settingsOf, type XdsOptions, type XdsSettings } from '../options.ts'
import { Problems } from '../resolve/problems.ts'
import { DOCUMENT_KINDS, type StreamKind, WILDCARD } from '../stream/kinds.ts'
import type { Changes } from '../stream/store.ts'
import { tellStatus } from '../status/client-status.ts'
import { serverNames, unreachable } from '../unreachable.ts'
import type { XdsHost } from '../xds-source.ts'
import { DocumentTexts } from './document-texts.ts'
import { Endowed } from './endowed.ts'
import { documentReader } from './read-document.ts'

/** @param node who is asking: for whom documents are translated */
export type Translate = (documents: DocumentSource, node: XdsSettings['node']) => ConfigSource

/** @throws TypeError for options or a bootstrap that are wrong. */
export function xdsDocuments(options: XdsOptions, host: XdsHost, translate: Translate): ConfigSource {
  const settings = settingsOf({ ...options, dialect: 'documents' }, host.env, host.node)
  return new XdsDocuments(settings, host, translate)
}

const kinds: readonly StreamKind[] = [...DOCUMENT_KINDS, 'endpoints']
const everything: ReadonlySet<string> = new Set([WILDCARD])

class XdsDocuments implements ConfigSource {
  readonly #settings: XdsSettings
  readonly #host: XdsHost
  readonly #resources: Authorities
  readonly #texts: DocumentTexts
  readonly #endowed: Endowed
  readonly #problems = new Problems(kinds)
  readonly #translated: ConfigSource
  #documents: DocumentSink | undefined
  #sink: ConfigSink | undefined
  #delivered: MeshConfig | undefined
  #wants: Readonly<Partial<Record<StreamKind, ReadonlySet<string>>>>
  #told: string | undefined
  #endWait: () => void = () => undefined
  #endStatus: () => void = () => undefined

  constructor(settings: XdsSettings, host: XdsHost, translate: Translate) {
    this.#settings = settings
    this.#host = host
    this.#resources = openAuthorities(
      settings,
      host,
      (changes, handled) => this.#heard(changes, handled),
      documentReader,
    )
    this.#texts = new DocumentTexts(host.clock, this.#resources, (texts) => this.#documents?.texts(texts))
    this.#endowed = new Endowed(this.#resources)
    this.#wants = Object.fromEntries(DOCUMENT_KINDS.map((kind) => [kind, everything]))
    this.#translated = translate({ start: (sink) => this.#open(sink), close: async () => this.#close() }, settings.node)
  }

  start(sink: ConfigSink): void {
    const { clock } = this.#host
    const timer = clock.setTimer(this.#settings.startTimeoutMs, () => sink.problem(this.#unreachable()), false)
    this.#endWait = () => clock.clearTimer(timer)
    this.#endStatus = tellStatus({
      node: nodeMessage(this.#settings.node),
      scope: this.#settings.dialect,
      wanted: (kind) => this.#resources.wanted(kind),
    })
    this.#sink = sink
    this.#translated.start({
      config: (config) => {
        this.#endowed.take(config)
        this.#deliver(none)
      },
      problem: (problem) => sink.problem(problem),
      living: () => sink.living?.() ?? new Map<string, never>(),
    })
  }

  remark(cluster: string): string | undefined {
    const entry = this.#resources.entry('endpoints', cluster)
    const { trouble } = this.#resources
    if (entry === undefined || (entry.known !== undefined && trouble === undefined)) return undefined
    const missing =
      entry.known === undefined ? `ClusterLoadAssignment ${cluster}: ${entry.error ?? 'not sent yet'}` : ''
    const last = trouble === undefined ? '' : `last error: ${trouble}`
    const said = [missing, last].filter((part) => part !== '').join(', ')
    return `${said} (xDS server ${serverNames(this.#settings)}, node ${this.#settings.node.id})`
  }

  async close(): Promise<void> {
    this.#endWait()
    this.#endStatus()
    await this.#translated.close()
  }

  #open(sink: DocumentSink): void {
    this.#documents = sink
    for (const kind of DOCUMENT_KINDS) this.#resources.want(kind, everything)
  }

  #close(): void {
    this.#documents = undefined
    this.#texts.close()
    this.#resources.close()
  }

  #heard(changes: Changes, handled: () => void): void {
    if (this.#documents === undefined) return handled()
    for (const [kind, names] of changes) for (const name of names) this.#look(kind, name)
    const isOfDocuments = DOCUMENT_KINDS.some((kind) => (changes.get(kind)?.size ?? 0) > 0)
    // the first answer of a kind may hold nothing
    if (isOfDocuments || !this.#texts.told) this.#texts.changed()
    this.#deliver(changes.get('endpoints') ?? none)
    this.#tellTrouble()
    handled()
  }

  #look(kind: StreamKind, name: string): void {
    const { node } = this.#settings
    if (kinds.includes(kind)) {
      this.#problems.look(this.#resources, kind, name, { server: serverNames(this.#settings), node: node.id })
    }
  }

  #deliver(changed: ReadonlySet<string>): void {
    const config = this.#endowed.config(changed, this.#problems.list(this.#wants))
    this.#ask(this.#endowed.wanted)
    if (config === undefined || config === this.#delivered) return
    this.#endWait()
    this.#delivered = config
    this.#sink?.config(config)
  }

  #ask(endpoints: ReadonlySet<string>): void {
    if (this.#wants.endpoints === endpoints) return
    this.#wants = { ...this.#wants, endpoints }
    this.#resources.want('endpoints', endpoints)
  }

  /** Before the first configuration trouble is only remembered: the server may still come. */
  #tellTrouble(): void {
    const { trouble } = this.#resources
    if (this.#delivered === undefined || trouble === this.#told) return
    this.#told = trouble
    if (trouble !== undefined) this.#sink?.problem(this.#unreachable())
  }

  #unreachable(): Problem {
    const waiting = DOCUMENT_KINDS.filter((kind) => !this.#resources.heard(kind))
    const missing = [...waiting, ...this.#endowed.waiting.map((name) => `ClusterLoadAssignment ${name}`)]
    return unreachable(this.#settings, this.#resources.troubles, this.#delivered === undefined ? missing : undefined)
  }
}

const none: ReadonlySet<string> = new Set()
