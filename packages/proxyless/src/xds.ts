// Configuration from an xDS control plane. The client and gRPC are loaded when a mesh starts with it, not before.
import type { ConfigSink, ConfigSource } from '@proxyless/core'
import { fromDocuments, type TranslationOptions, workloadOfNode } from '@proxyless/istio'
import type { XdsHost, XdsOptions } from '@proxyless/xds'
import type { TimerHandle } from '@proxyless/core/spi'
import { processClock } from './host/process-clock.ts'
import { processRandom } from './host/process-random.ts'
import { regexEngine } from './host/regex.ts'
import { nodeFromEnvironment } from './host/xds-node.ts'

/** A source for `createMesh({ config })`. Without a server the bootstrap says it, which GRPC_XDS_BOOTSTRAP names. */
export function xds(options: XdsOptions = {}): ConfigSource {
  return new LazyXds(options)
}

/** Options of the mesh hold also for documents that come by xDS (`dialect: documents`). */
export function translateAs(source: ConfigSource, translation: TranslationOptions): void {
  if (source instanceof LazyXds) source.translation = translation
}

const holdMs = 60_000
const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

class LazyXds implements ConfigSource {
  translation: TranslationOptions = {}
  readonly #options: XdsOptions
  #source: ConfigSource | undefined
  #closed = false
  #held: TimerHandle = undefined

  constructor(options: XdsOptions) {
    this.#options = options
  }

  start(sink: ConfigSink): void {
    this.#hold()
    const heard = this.#untilHeard(sink)
    this.#open(heard).catch((error: unknown) =>
      heard.problem({
        code: 'XDS_UNREACHABLE',
        severity: 'error',
        outcome: 'void',
        resource: 'xDS',
        path: '',
        message: error instanceof Error ? error.message : String(error),
      }),
    )
  }

  want(host: string): void {
    this.#source?.want?.(host)
  }

  remark(cluster: string): string | undefined {
    return this.#source?.remark?.(cluster)
  }

  async close(): Promise<void> {
    this.#closed = true
    processClock.clearTimer(this.#held)
    await this.#source?.close()
  }

  /** Until there is a configuration, or none, the process waits for it; later the stream keeps nothing alive. */
  #hold(): void {
    this.#held = processClock.setTimer(holdMs, () => this.#hold(), false)
  }

  #untilHeard(sink: ConfigSink): ConfigSink {
    return {
      config: (config) => {
        processClock.clearTimer(this.#held)
        sink.config(config)
      },
      problem: (problem) => {
        if (problem.severity === 'error') processClock.clearTimer(this.#held)
        sink.problem(problem)
      },
      living: () => sink.living?.() ?? new Map(),
    }
  }

  async #open(sink: ConfigSink): Promise<void> {
    const { id, metadata } = await nodeFromEnvironment()
    const { env } = process
    const host = { clock: processClock, random: processRandom(), regex: regexEngine, env, node: { id, metadata } }
    const source = await (this.#options.dialect === 'documents' ? this.#documents(host) : this.#resources(host))
    if (this.#closed) return
    this.#source = source
    source.start(sink)
  }

  async #resources(host: XdsHost): Promise<ConfigSource> {
    const { xdsSource } = await import('@proxyless/xds')
    return xdsSource(this.#options, host)
  }

  async #documents(host: XdsHost): Promise<ConfigSource> {
    const { xdsDocuments } = await import('@proxyless/xds/documents')
    return xdsDocuments(this.#options, host, (documents, { id, metadata = {}, locality }) => {
      const place = { region: locality?.region ?? '', zone: locality?.zone ?? '', subzone: locality?.subZone ?? '' }
      return fromDocuments(documents, {
        ...this.translation,
        fromControlPlane: true,
        workload: { ...workloadOfNode({ id, metadata, locality: place }), instance: id },
        regex: regexEngine,
        clock: processClock,
        pause,
      })
    })
  }
}
