// A mesh over a MeshConfig that the test replaces at will; real time and sockets unless told otherwise.
import { Mesh, type ConfigSink, type ConfigSource, type MeshConfig, type MeshObserver } from '@proxyless/core/spi'
import { createFetch, HttpTransport, MeshDispatcher, type MeshFetch } from '@proxyless/http'
import { processClock } from '../../packages/proxyless/src/host/process-clock.ts'
import { processRandom } from '../../packages/proxyless/src/host/process-random.ts'
import { regexEngine } from '../../packages/proxyless/src/host/regex.ts'
import { processResolver } from '../../packages/proxyless/src/host/resolver.ts'

export interface TestMesh {
  readonly house: Mesh
  readonly fetch: MeshFetch
  readonly dispatcher: MeshDispatcher
  /** Puts another configuration in force. */
  apply(config: MeshConfig): Promise<void>
  close(): Promise<void>
}

export interface TestMeshOptions {
  readonly observer?: MeshObserver
  readonly throwsLocalReplies?: boolean
  readonly trustRequestHeaders?: boolean
  readonly maxReplayBytes?: number
}

export async function startMesh(config: MeshConfig, options: TestMeshOptions = {}): Promise<TestMesh> {
  const source = new GivenSource(config)
  const house = new Mesh({
    source,
    clock: processClock,
    random: processRandom(),
    regex: regexEngine,
    resolver: processResolver(),
    settings: {
      trustRequestHeaders: options.trustRequestHeaders ?? false,
      requestId: () => 'request-id-of-test',
      attemptCount: true,
      faults: true,
    },
    ...(options.observer === undefined ? {} : { observer: options.observer }),
  })
  const transport = new HttpTransport({
    mesh: house,
    clock: processClock,
    maxReplayBytes: options.maxReplayBytes ?? 1_048_576,
    throwsLocalReplies: options.throwsLocalReplies ?? false,
  })
  const dispatcher = new MeshDispatcher(transport)
  await house.ready()
  return {
    house,
    dispatcher,
    fetch: createFetch(dispatcher),
    async apply(next: MeshConfig): Promise<void> {
      source.give(next)
      // updates of one tick are coalesced
      await Promise.resolve()
      await Promise.resolve()
    },
    close: () => house.close(),
  }
}

class GivenSource implements ConfigSource {
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
