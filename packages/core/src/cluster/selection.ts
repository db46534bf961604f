// The way from a cluster's endpoints to one of them: priority, locality, hosts, picker. Built anew when hosts or their health change.
// Source: Envoy's load balancing chain, SEMANTICS 6.1 to 6.3. One priority whose hosts are all alike costs one branch.
import type { HashKey } from '../balance/picker.ts'
import { below, type Random } from '../base/random.ts'
import type { Cluster as ClusterModel } from '../model/cluster.ts'
import type { Endpoint } from './endpoint.ts'
import { countsOf, type HostSet, hostSetsOf } from './host-set.ts'
import type { HostSource, MakePicker, SourceChooser, Tier } from './host-source.ts'
import { otherPriorities } from './other-priorities.ts'
import { defaultFactor, type Panic, panicOf, type PriorityLoads } from './priority-load.ts'
import type { Selecting } from './selecting.ts'
import { type Choosers, SourceShelf } from './source-shelf.ts'

/** Envoy host_selection_retry_max_attempts as Istio sets it. */
const repicks = 5

export class Selection {
  readonly model: ClusterModel
  readonly sets: readonly HostSet[]
  readonly #panic: Panic
  readonly #choosers: readonly Choosers[]
  readonly #shelf: SourceShelf
  /** All endpoints of a priority that bears load are used, fit or not. */
  readonly panics: boolean
  /** Where every pick comes from, when there is no choice. */
  readonly #only: HostSource | undefined

  constructor(
    endpoints: readonly Endpoint[],
    model: ClusterModel,
    random: Random,
    make: MakePicker,
    before: Selection | undefined,
  ) {
    this.model = model
    this.sets = hostSetsOf(endpoints)
    this.#panic = panicOf(this.sets.map(countsOf), this.factor, model.panicThreshold)
    this.#shelf = new SourceShelf(model, random, make, before === undefined ? undefined : before.#shelf)
    this.#choosers = this.sets.map((set, i) => this.#shelf.choosersOf(set, this.panic[i] ?? false))
    this.#only = this.#single()
    this.panics = this.panic.some(
      (panic, i) => panic && (this.loads.healthy[i] ?? 0) + (this.loads.degraded[i] ?? 0) > 0,
    )
  }

  get factor(): number {
    return this.model.overprovisioningFactor ?? defaultFactor
  }

  /** By place in `sets`. */
  get loads(): PriorityLoads {
    return this.#panic.loads
  }

  get panic(): readonly boolean[] {
    return this.#panic.panic
  }

  /** An endpoint for an attempt; undefined when none may be used. */
  pick(selecting: Selecting, random: Random): Endpoint | undefined {
    const { hashKey, tried } = selecting
    const source = this.#only ?? this.#choose(selecting, random, false)
    let endpoint = source?.picker.pick(random, hashKey, 0)
    if (!selecting.avoidTried || tried.length === 0) return endpoint
    for (let repick = 1; repick <= repicks && endpoint !== undefined && tried.includes(endpoint); repick++) {
      const next = this.#only ?? this.#choose(selecting, random, false)
      endpoint = next?.picker.pick(random, hashKey, repick)
    }
    return endpoint
  }

  /** Where the next first attempt would pick from, and what, with these numbers; changes nothing. */
  peek(selecting: Selecting, random: Random): { readonly source: HostSource; readonly endpoint: Endpoint } | undefined {
    const source = this.#only ?? this.#choose(selecting, random, true)
    const endpoint = source?.picker.peek(random, selecting.hashKey, 0)
    return source === undefined || endpoint === undefined ? undefined : { source, endpoint }
  }

  /** All sources that some call may pick from now. */
  sources(): HostSource[] {
    const { healthy, degraded } = this.loads
    return this.#choosers.flatMap((choosers, i) => [
      ...((healthy[i] ?? 0) > 0 ? (choosers.healthy?.sources ?? []) : []),
      ...((degraded[i] ?? 0) > 0 ? (choosers.degraded?.sources ?? []) : []),
    ])
  }

  #choose(selecting: Selecting, random: Random, peeking: boolean): HostSource | undefined {
    const { hashKey, tried } = selecting
    const loads =
      selecting.otherPriorities && tried.length > 1 ? (otherPriorities(this, tried) ?? this.loads) : this.loads
    const drawn = hashKey === undefined ? below(random, 100) : percentOf(hashKey)
    return this.#chooserAt(drawn, loads)?.choose(random, peeking)
  }

  /** Healthy tiers of all priorities first, then degraded ones. */
  #chooserAt(drawn: number, { healthy, degraded }: PriorityLoads): SourceChooser | undefined {
    let left = drawn
    for (let i = 0; i < healthy.length; i++) {
      left -= healthy[i] ?? 0
      if (left < 0) return this.#choosers[i]?.healthy
    }
    for (let i = 0; i < degraded.length; i++) {
      left -= degraded[i] ?? 0
      if (left < 0) return this.#choosers[i]?.degraded
    }
    return undefined
  }

  #single(): HostSource | undefined {
    if (this.sets.length > 1) return undefined
    const [choosers] = this.#choosers
    const tier = onlyTier(this.loads)
    const chooser = tier === undefined ? undefined : choosers?.[tier]
    return chooser?.sources.length === 1 ? chooser.sources[0] : undefined
  }
}

function onlyTier({ healthy, degraded }: PriorityLoads): Exclude<Tier, 'panic'> | undefined {
  if (healthy[0] === 100) return 'healthy'
  return degraded[0] === 100 ? 'degraded' : undefined
}

/** 64 bits modulo 100; 2^32 is 96 modulo 100. */
function percentOf({ high, low }: HashKey): number {
  return ((high % 100) * 96 + (low % 100)) % 100
}
