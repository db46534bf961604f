// Configuration from an xDS control plane. The client and gRPC are loaded when a mesh starts with it, not before.
import type { ConfigSink, ConfigSource } from '@proxyless/core'
import type { XdsOptions } from '@proxyless/xds'
import { processClock } from './host/process-clock.ts'
import { processRandom } from './host/process-random.ts'
import { regexEngine } from './host/regex.ts'
import { nodeFromEnvironment } from './host/xds-node.ts'

/** A source for `createMesh({ config })`. Without a server the bootstrap says it, which GRPC_XDS_BOOTSTRAP names. */
export function xds(options: XdsOptions = {}): ConfigSource {
  return new LazyXds(options)
}

class LazyXds implements ConfigSource {
  readonly #options: XdsOptions
  #source: ConfigSource | undefined
  #closed = false

  constructor(options: XdsOptions) {
    this.#options = options
  }

  start(sink: ConfigSink): void {
    this.#open(sink).catch((error: unknown) =>
      sink.problem({
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
    await this.#source?.close()
  }

  async #open(sink: ConfigSink): Promise<void> {
    const [{ xdsSource }, { id, metadata }] = await Promise.all([import('@proxyless/xds'), nodeFromEnvironment()])
    if (this.#closed) return
    const { env } = process
    this.#source = xdsSource(this.#options, {
      clock: processClock,
      random: processRandom(),
      regex: regexEngine,
      env,
      node: { id, metadata },
    })
    this.#source.start(sink)
  }
}
