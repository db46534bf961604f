// What one workload sees, translated once and encoded once per dialect, for all clients that are this workload.
import type { Clock, MeshConfig } from '@proxyless/core/spi'
import type { Reading, Translation, Workload } from '@proxyless/istio'
import { type EncodedConfig, type Encoder, type Kind, KINDS } from '@proxyless/xds'
import type { ResourceSet, ResourceSets } from '../ads/resource-set.ts'
import type { Dialect } from './client.ts'

/** Hears of every newer state, in the dialect it asked for. */
export interface ViewListener {
  readonly dialect: Dialect
  offer(sets: ResourceSets): void
}

export interface ViewOptions {
  readonly clock: Clock
  readonly workload: Workload
  readonly translation: Translation
  readonly encoder: (dialect: Dialect) => Encoder
  /** Awaited between slices of work. */
  readonly pause: () => Promise<void>
  readonly failed: (error: unknown) => void
}

interface Encoding {
  readonly encoder: Encoder
  sets: ResourceSets
}

/** How long listeners are told at a stretch before others run. */
const sliceMs = 4

export class View {
  readonly workload: Workload
  readonly #options: ViewOptions
  readonly #listeners = new Set<ViewListener>()
  readonly #encodings = new Map<Dialect, Encoding>()
  #config: MeshConfig | undefined
  #waiting: Reading | undefined
  #working: Promise<void> | undefined

  constructor(options: ViewOptions) {
    this.workload = options.workload
    this.#options = options
  }

  get config(): MeshConfig | undefined {
    return this.#config
  }

  get clients(): number {
    return this.#listeners.size
  }

  /** What is served in a dialect, as far as anybody has asked for it. */
  served(dialect: Dialect): ResourceSets | undefined {
    return this.#encodings.get(dialect)?.sets
  }

  get dialects(): readonly Dialect[] {
    return [...this.#encodings.keys()]
  }

  /** Of several readings that come while it works only the last counts. */
  update(reading: Reading): Promise<void> {
    this.#waiting = reading
    return (this.#working ??= this.#work().finally(() => {
      this.#working = undefined
    }))
  }

  /** @throws what went wrong with the first translation */
  async join(listener: ViewListener): Promise<ResourceSets> {
    await this.#working
    if (this.#config === undefined) throw new Error('nothing could be translated for this workload')
    this.#listeners.add(listener)
    return this.#encodingOf(listener.dialect, this.#config).sets
  }

  leave(listener: ViewListener): void {
    this.#listeners.delete(listener)
  }

  async #work(): Promise<void> {
    while (this.#waiting !== undefined) {
      const reading = this.#waiting
      this.#waiting = undefined
      try {
        this.#config = await this.#options.translation.translate(reading)
        await this.#encodeAll(this.#config)
        await this.#tellAll()
      } catch (error) {
        this.#options.failed(error)
      }
    }
  }

  async #encodeAll(config: MeshConfig): Promise<void> {
    for (const encoding of this.#encodings.values()) {
      encoding.sets = setsOf(encoding.encoder.encode(config), config.version, encoding.sets)
      await this.#options.pause()
    }
  }

  async #tellAll(): Promise<void> {
    const { clock, pause } = this.#options
    let until = clock.now() + sliceMs
    for (const listener of this.#listeners) {
      const sets = this.#encodings.get(listener.dialect)?.sets
      if (sets !== undefined) listener.offer(sets)
      if (clock.now() < until) continue
      await pause()
      until = clock.now() + sliceMs
    }
  }

  #encodingOf(dialect: Dialect, config: MeshConfig): Encoding {
    let encoding = this.#encodings.get(dialect)
    if (encoding === undefined) {
      const encoder = this.#options.encoder(dialect)
      encoding = { encoder, sets: setsOf(encoder.encode(config), config.version, undefined) }
      this.#encodings.set(dialect, encoding)
    }
    return encoding
  }
}

/** A kind of which nothing changed keeps the version of when it did. */
function setsOf(encoded: EncodedConfig, version: string, before: ResourceSets | undefined): ResourceSets {
  const setOf = (kind: Kind): ResourceSet => {
    const resources = encoded[kind]
    const old = before?.[kind]
    const same = old !== undefined && sameResources(old.listed, resources)
    return { version: same ? old.version : version, listed: resources, find: (name) => resources.get(name) }
  }
  const [cluster, endpoints, listener, route] = KINDS.map(setOf) as [ResourceSet, ResourceSet, ResourceSet, ResourceSet]
  return { cluster, endpoints, listener, route }
}

function sameResources(a: ResourceSet['listed'], b: ResourceSet['listed']): boolean {
  if (a.size !== b.size) return false
  for (const [name, resource] of a) if (b.get(name) !== resource) return false
  return true
}
