// The endpoints that a cluster lists, in order. An update matches them by address and costs what differs:
// what is alike at the beginning and the end is passed over without a look-up.
import type { Endpoint as EndpointModel } from '../model/cluster.ts'
import type { Draining } from './draining.ts'
import { Endpoint, endpointKey } from './endpoint.ts'

/** Up to so many endpoints are looked for one by one. */
const few = 8

interface Change {
  readonly added: readonly Endpoint[]
  readonly gone: readonly Endpoint[]
}

export class Members {
  readonly #draining: Draining
  #list: readonly Endpoint[] = []

  /** @param draining takes the connections of endpoints that are to be reached in another way */
  constructor(draining: Draining) {
    this.#draining = draining
  }

  get list(): readonly Endpoint[] {
    return this.#list
  }

  /**
   * Takes a new list; of several with one address the first counts.
   * @returns those that are new, and those that are listed no more
   */
  update(models: readonly EndpointModel[]): Change {
    const before = this.#list
    const shorter = Math.min(before.length, models.length)
    let head = 0
    while (head < shorter && takesOver(before[head], models[head], this.#draining)) head++
    let tail = 0
    while (tail < shorter - head && takesOver(before.at(-1 - tail), models.at(-1 - tail), this.#draining)) tail++
    if (head === before.length && head === models.length) return { added: [], gone: [] }
    return this.#takeMiddle(models, head, tail) ?? this.#takeMiddle(models, head, 0) ?? { added: [], gone: [] }
  }

  /** undefined: one of the last `tail` is listed before them too, and its first place counts. */
  #takeMiddle(models: readonly EndpointModel[], head: number, tail: number): Change | undefined {
    const before = this.#list
    const changed = models.slice(head, models.length - tail)
    const keyOf = keying(changed)
    const placeOf = finder(before, changed.length, keyOf)
    const added: Endpoint[] = []
    const kept = new Set<Endpoint>()
    const seen = new Set<string>()
    const middle: Endpoint[] = []
    for (const model of changed) {
      const key = keyOf(model)
      const place = placeOf(model, key)
      const known = before[place]
      if (place >= before.length - tail) return undefined
      if (seen.has(key) || (known !== undefined && place < head)) continue
      seen.add(key)
      const endpoint = known ?? new Endpoint(model)
      if (known === undefined) added.push(endpoint)
      else kept.add(known)
      endpoint.take(model, this.#draining)
      middle.push(endpoint)
    }
    const leaving = before.slice(head, before.length - tail)
    this.#list = before.slice(0, head).concat(middle, before.slice(before.length - tail))
    return { added, gone: leaving.filter((endpoint) => !kept.has(endpoint)) }
  }
}

/** True when the endpoint is at the model's address; then the model is its own. */
function takesOver(endpoint: Endpoint | undefined, model: EndpointModel | undefined, draining: Draining): boolean {
  if (endpoint === undefined || model === undefined || !isAt(endpoint, model)) return false
  endpoint.take(model, draining)
  return true
}

function isAt({ model }: Endpoint, { address, port }: EndpointModel): boolean {
  return model.port === port && model.address === address
}

type KeyOf = (model: EndpointModel) => string

/** Mostly all have one port, and the address alone tells them apart. */
function keying(models: readonly EndpointModel[]): KeyOf {
  const port = models[0]?.port
  return (model) => (model.port === port ? model.address : endpointKey(model))
}

function finder(
  endpoints: readonly Endpoint[],
  asked: number,
  keyOf: KeyOf,
): (model: EndpointModel, key: string) => number {
  if (asked <= few || endpoints.length === 0) return (model) => endpoints.findIndex((one) => isAt(one, model))
  const places = new Map<string, number>()
  endpoints.forEach((endpoint, place) => places.set(keyOf(endpoint.model), place))
  return (_model, key) => places.get(key) ?? -1
}
