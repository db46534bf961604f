// All scenarios of a run on one Envoy: their backends, their listeners, and for each a mesh of ours while it is played.
import type { CallRecord } from '@proxyless/core'
import type { MeshConfig } from '@proxyless/core/spi'
import { Agent } from 'undici'
import { startMesh, type TestMesh } from '../../../kit/mesh.ts'
import type { Listening } from '../translate/bootstrap.ts'
import { Backends } from './backends.ts'
import { configOf } from './configure.ts'
import { type Envoy, startEnvoy } from './envoy.ts'
import { startRawServer } from './raw-server.ts'
import type { Given } from './scenario.ts'
import { Side } from './side.ts'

/** A scenario and the configuration that both sides have of it. */
interface Staged {
  readonly given: Given
  readonly name: string
  readonly config: MeshConfig
  readonly ports: readonly number[]
}

export class Stage {
  readonly #backends: Backends
  readonly #staged: ReadonlyMap<Given, Staged>
  readonly #envoy: Envoy
  readonly #agent = new Agent({ connections: null, allowH2: false })
  readonly #closers: (() => Promise<void>)[]

  static async start(binary: string, all: readonly Given[]): Promise<Stage> {
    const backends = await Backends.start()
    const closers = [() => backends.close()]
    try {
      const staged = new Map<Given, Staged>()
      for (const [index, given] of all.entries()) {
        staged.set(given, await stagedOf(given, `s${index}`, backends, closers))
      }
      const envoy = await startEnvoy(binary, [...staged.values()].flatMap(listeningOf))
      return new Stage(backends, staged, envoy, closers)
    } catch (error) {
      for (const close of closers) await close()
      throw error
    }
  }

  private constructor(
    backends: Backends,
    staged: ReadonlyMap<Given, Staged>,
    envoy: Envoy,
    closers: (() => Promise<void>)[],
  ) {
    this.#backends = backends
    this.#staged = staged
    this.#envoy = envoy
    this.#closers = closers
  }

  /** What both sides make of it. */
  async play(given: Given): Promise<{ readonly ours: unknown; readonly envoys: unknown }> {
    const staged = this.#staged.get(given)
    if (staged === undefined) throw new Error('not on this stage')
    const play = given.play ?? ((side: Side) => side.sendAll(given.asks ?? ['/']))
    const records: CallRecord[] = []
    const mesh = await startMesh(staged.config, {
      trustRequestHeaders: given.trusting ?? false,
      observer: { callEnded: (record) => records.push(record) },
    })
    try {
      const [ours, envoys] = await Promise.all([
        play(this.#ours(given, mesh, records)),
        play(this.#envoys(given, staged.name)),
      ])
      return { ours, envoys }
    } finally {
      await mesh.close()
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy()
    await this.#envoy.close()
    for (const close of this.#closers) await close()
  }

  /** A call's record comes before its response has ended; calls under way together are told apart by their paths. */
  #ours({ answers }: Given, mesh: TestMesh, records: CallRecord[]): Side {
    const way = {
      dispatcher: mesh.dispatcher,
      origin: (port: number) => `${port === 443 ? 'https' : 'http'}://svc.test:${port}`,
      flagsOf: (_tag: string, path: string) => {
        const found = records.findIndex((record) => record.path === path.split('?')[0])
        const [record] = records.splice(found === -1 ? 0 : found, 1)
        return Promise.resolve(record?.flags ?? 'no record')
      },
    }
    return new Side('ours', way, this.#backends, answers)
  }

  #envoys({ answers }: Given, name: string): Side {
    const way = {
      dispatcher: this.#agent,
      origin: (port: number) => `http://127.0.0.1:${this.#envoy.port(`${name}:${port}`)}`,
      flagsOf: (tag: string) => this.#envoy.log.flagsOf(tag),
    }
    return new Side('envoy', way, this.#backends, answers)
  }
}

async function stagedOf(
  given: Given,
  name: string,
  backends: Backends,
  closers: (() => Promise<void>)[],
): Promise<Staged> {
  const own = new Map<string, number>()
  for (const [server, kind] of Object.entries(given.servers ?? {})) {
    const started =
      typeof kind === 'string'
        ? await backends.add(server, kind)
        : await startRawServer(kind, (request) => void backends.arrived(server, request))
    own.set(server, started.port)
    closers.push(() => started.close())
  }
  const config = await configOf(given, name, (backend) => own.get(backend) ?? backends.port(backend))
  const asked = new Set((given.asks ?? []).map((ask) => (typeof ask === 'string' ? 80 : (ask.port ?? 80))))
  return { given, name, config, ports: given.play === undefined && asked.size > 0 ? [...asked] : [80] }
}

function listeningOf({ given, name, config, ports: asked }: Staged): Listening[] {
  return asked.map((port) => ({ name: `${name}:${port}`, config, port, trusting: given.trusting ?? false }))
}
