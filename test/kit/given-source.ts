// A ConfigSource that gives what it is handed.
import type { ConfigSink, ConfigSource, MeshConfig } from '@proxyless/core/spi'

export class GivenSource implements ConfigSource {
  #config: MeshConfig
  #sink: ConfigSink | undefined

  constructor(config: MeshConfig) {
    this.#config = config
  }

  start(sink: ConfigSink): void {
    this.#sink = sink
    sink.config(this.#config)
  }

  give(config: MeshConfig): void {
    this.#config = config
    this.#sink?.config(config)
  }

  close(): Promise<void> {
    this.#sink = undefined
    return Promise.resolve()
  }
}
