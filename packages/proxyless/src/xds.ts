// Configuration from an xDS control plane. The client and gRPC are loaded when a mesh starts with it, not before.
import type { ConfigSink, ConfigSource } from '@proxyless/core'
import type { XdsOptions } from '@proxyless/xds'
import type { TimerHandle } from '@proxyless/core/spi'
import { processClock } from './host/process-clock.ts'
import { processRandom } from './host/process-random.ts'
import { regexEngine } from './host/regex.ts'
import { nodeFromEnvironment } from './host/xds-node.ts'

/** A source for `createMesh({ config })`. Without a server the bootstrap says it, which GRPC_XDS_BOOTSTRAP names. */
export function xds(options: XdsOptions = {}): ConfigSource {
  return new LazyXds(options)
}

const holdMs = 60_000

class LazyXds implements ConfigSource {
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
