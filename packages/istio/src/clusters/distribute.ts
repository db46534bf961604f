// How localities share the calls: by what `distribute` says, or by how many endpoints they have (Istio applyLocalityWeights).
import type { Endpoint, Locality, LocalityWeight } from '@proxyless/core/spi'
import type { DistributeSpec } from '../schema/locality.ts'

/** Endpoints that still get calls, and the weights of their localities. */
export interface Distribution {
  readonly endpoints: readonly Endpoint[]
  readonly weights: readonly LocalityWeight[]
}

/** By the sum of their endpoints' weights. */
export function bySize(endpoints: readonly Endpoint[]): LocalityWeight[] {
  const weights = new Map<string, { readonly locality: Locality; readonly priority: number; weight: number }>()
  for (const { locality, priority, weight } of endpoints) {
    const key = `${priority} ${locality.region}/${locality.zone}/${locality.subzone}`
    const known = weights.get(key)
    if (known === undefined) weights.set(key, { locality, priority, weight })
    else known.weight += weight
  }
  return [...weights.values()]
}

/** By the first rule whose `from` is where the client is; localities that it does not name get nothing. */
export function distribute(
  endpoints: readonly Endpoint[],
  rules: readonly DistributeSpec[],
  own: Locality,
): Distribution {
  const rule = rules.find(({ from = '' }) => matches(own, from))
  const open = bySize(endpoints)
  if (rule === undefined) return { endpoints, weights: open }
  const weights: LocalityWeight[] = []
  for (const [name, share] of Object.entries(rule.to ?? {})) {
    const named = open.filter(({ locality }) => matches(locality, name))
    const total = named.reduce((sum, { weight }) => sum + weight, 0)
    for (const one of named) {
      open.splice(open.indexOf(one), 1)
      weights.push({ ...one, weight: Math.ceil((one.weight * share) / total) })
    }
  }
  const keeps = ({ locality }: Endpoint): boolean => weights.some((said) => isSame(said.locality, locality))
  return { endpoints: endpoints.filter(keeps), weights }
}

/** `region/zone/subzone`; what is `*` or left out is any. */
function matches({ region, zone, subzone }: Locality, name: string): boolean {
  const [itsRegion = '', itsZone = '', itsSubzone = ''] = name.split('/')
  const any = (said: string): boolean => said === '*' || said === ''
  return (
    (itsRegion === '*' || itsRegion === region) &&
    (any(itsZone) || itsZone === zone) &&
    (any(itsSubzone) || itsSubzone === subzone)
  )
}

function isSame(a: Locality, b: Locality): boolean {
  return a.region === b.region && a.zone === b.zone && a.subzone === b.subzone
}
