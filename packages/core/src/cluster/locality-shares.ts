// What part of a consistent balancer's table each host gets where localities have weights (Envoy normalizeLocalityWeights).
// Unlike the choice of a locality, it does not follow the hosts' health: keys shall stay where they are.
import type { LocalityWeight } from '../model/cluster.ts'
import type { Endpoint } from './endpoint.ts'
import { weightOf } from './weighted-localities.ts'

/** The hosts of localities with a weight, and their parts of 1; undefined: no locality has one. */
export function localityShares(
  hosts: readonly Endpoint[],
  priority: number,
  weights: readonly LocalityWeight[],
): { readonly hosts: readonly Endpoint[]; readonly shares: Float64Array } | undefined {
  const sums = new Map<LocalityWeight, number>()
  const chosen: { readonly endpoint: Endpoint; readonly said: LocalityWeight }[] = []
  for (const endpoint of hosts) {
    const said = weightOf(weights, priority, endpoint.model.locality)
    if (said === undefined) continue
    sums.set(said, (sums.get(said) ?? 0) + endpoint.weight)
    chosen.push({ endpoint, said })
  }
  if (chosen.length === 0) return undefined
  let all = 0
  for (const said of sums.keys()) all += said.weight
  return {
    hosts: chosen.map(({ endpoint }) => endpoint),
    shares: Float64Array.from(
      chosen,
      ({ endpoint, said }) => (said.weight / all) * (endpoint.weight / (sums.get(said) ?? 1)),
    ),
  }
}
