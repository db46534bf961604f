// What active checks have found of one endpoint: Envoy's state machine (HealthCheckerImplBase handleSuccess, setUnhealthy), SEMANTICS 9.
// The first result decides alone; after it thresholds hold. Knows no time.
import type { Endpoint as EndpointModel } from '../model/cluster.ts'

/** `pending`: results of the other kind have begun, but are not enough yet. */
export type Transition = 'unchanged' | 'pending' | 'changed'

export class CheckedHealth {
  /** No result yet. */
  unknown = true
  failing: boolean
  degraded = false
  /** It asked to be left alone: it does not count where healthy endpoints are compared with all. */
  excluded = false
  /** Of the last failure, for people. */
  reason = 'not yet checked'
  #passes = 0
  #failures = 0

  /** @param trusted it has carried calls before it was checked: it may until the first result */
  constructor(trusted: boolean) {
    this.failing = !trusted
  }

  /** For people. */
  get state(): 'passing' | 'degraded' | 'failing' | 'pending' {
    if (this.unknown) return 'pending'
    if (this.failing) return 'failing'
    return this.degraded ? 'degraded' : 'passing'
  }

  /** Together with what the configuration says of it. */
  combine(said: EndpointModel['health']): EndpointModel['health'] {
    if (said === 'draining' || said === 'unhealthy') return said
    if (this.failing) return 'unhealthy'
    return this.degraded ? 'degraded' : said
  }

  passed(degraded: boolean, threshold: number): Transition {
    const first = this.unknown
    this.unknown = false
    this.#failures = 0
    let transition: Transition = first ? 'changed' : 'unchanged'
    if (this.failing) {
      if (first || ++this.#passes >= threshold) {
        this.failing = false
        this.excluded = false
        transition = 'changed'
      } else {
        transition = 'pending'
      }
    }
    if (degraded !== this.degraded) {
      this.degraded = degraded
      if (transition === 'unchanged') transition = 'changed'
    }
    return transition
  }

  /** @param atOnce the threshold is not asked */
  failed(reason: string, atOnce: boolean, threshold: number): Transition {
    const first = this.unknown
    this.unknown = false
    this.#passes = 0
    this.reason = reason
    if (this.failing) return first ? 'changed' : 'unchanged'
    if (!first && !atOnce && ++this.#failures < threshold) return 'pending'
    this.#failures = 0
    this.failing = true
    return 'changed'
  }
}
