// A control plane that puts one configuration after the other in force, in the state of the world, and tells what its client refuses.
import type { ServerDuplexStream } from '@grpc/grpc-js'
import {
  ADS_METHODS,
  type EncodedConfig,
  type EncodedResource,
  type Kind,
  KINDS,
  readSotwRequest,
  WILDCARD,
  writeSotwResponse,
} from '@proxyless/xds'
import { type GrpcBackend, startGrpc } from '../../kit/grpc-backend.ts'
import { until } from '../../kit/until.ts'

type Stream = ServerDuplexStream<Buffer, Buffer>

export class Trial {
  #backend: GrpcBackend | undefined
  #stream: Stream | undefined
  #encoded: EncodedConfig
  #nonces = 0
  #refusals: string[] = []
  readonly #names = new Map<Kind, ReadonlySet<string>>()
  /** Responses that the client has not answered. */
  readonly #open = new Set<string>()

  private constructor(first: EncodedConfig) {
    this.#encoded = first
  }

  /** @param first in force before anything is put */
  static async start(first: EncodedConfig): Promise<Trial> {
    const trial = new Trial(first)
    trial.#backend = await startGrpc({ bidi: { [ADS_METHODS.sotw]: (stream) => trial.#serve(stream) } })
    return trial
  }

  /** `127.0.0.1:port` */
  get address(): string {
    return this.#backend?.authority ?? ''
  }

  /** Resolves once the client has answered all that it is sent, with what it refuses. */
  async put(
    encoded: EncodedConfig,
    settled: (asked: ReadonlyMap<Kind, ReadonlySet<string>>) => boolean,
  ): Promise<string[]> {
    this.#refusals = []
    this.#encoded = encoded
    for (const kind of KINDS) if (this.#names.has(kind)) this.#send(kind)
    await until(() => {
      if (this.#open.size === 0 && (this.#refusals.length > 0 || settled(this.#names))) return
      const asked = [...this.#names].map(([kind, names]) => `${kind} ${[...names].join(' ')}`)
      throw new Error(`not answered: ${[...this.#open].join(', ')}; asked for: ${asked.join('; ')}`)
    }, 10_000)
    return this.#refusals
  }

  async close(): Promise<void> {
    await this.#backend?.close()
  }

  #serve(stream: Stream): void {
    this.#stream = stream
    stream.on('error', () => undefined)
    stream.on('end', () => stream.end())
    stream.on('data', (bytes: Buffer) => {
      const { kind, names, nonce, error } = readSotwRequest(bytes)
      if (kind === undefined) return
      if (error !== undefined) this.#refusals.push(`${kind}: ${error}`)
      const before = this.#names.get(kind)
      const wanted = new Set(names.length === 0 && before?.has(WILDCARD) !== false ? [WILDCARD] : names)
      this.#names.set(kind, wanted)
      // an answer that also asks for the same names wants nothing; what is asked once more is wanted once more
      const answers = this.#open.delete(`${kind} ${nonce}`)
      if (!answers || !isSame(before, wanted)) this.#send(kind)
    })
  }

  #send(kind: Kind): void {
    const resources = this.#resources(kind)
    if (resources.length === 0 && kind !== 'cluster' && kind !== 'listener') return
    const nonce = String((this.#nonces += 1))
    this.#open.add(`${kind} ${nonce}`)
    this.#stream?.write(Buffer.from(writeSotwResponse({ kind, nonce, version: nonce, resources })))
  }

  #resources(kind: Kind): EncodedResource[] {
    const all = this.#encoded[kind]
    const names = this.#names.get(kind) ?? new Set()
    return names.has(WILDCARD) ? [...all.values()] : [...names].flatMap((name) => all.get(name) ?? [])
  }
}

function isSame(a: ReadonlySet<string> | undefined, b: ReadonlySet<string>): boolean {
  return a?.size === b.size && [...b].every((name) => a.has(name))
}
