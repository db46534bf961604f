// How a cluster would choose now, in words: what each endpoint's part is, which priority, tier and locality are drawn.
// Part of explain; the choice itself is cluster/selection.
import type { Random } from '../base/random.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Endpoint } from '../cluster/endpoint.ts'
import { exclusionsOf } from '../cluster/exclusions.ts'
import { unfitnessOf } from '../cluster/host-set.ts'
import { localityName } from '../cluster/host-source.ts'
import type { Selecting } from '../cluster/selecting.ts'
import type { Selection } from '../cluster/selection.ts'

export interface Choice {
  readonly steps: readonly (readonly [what: string, text: string])[]
  /** Undefined: none may be used. */
  readonly endpoint: Endpoint | undefined
}

export function explainChoice(cluster: Cluster, selecting: Selecting, random: Random): Choice {
  const { selection } = cluster
  const steps: [string, string][] = []
  const exclusion = exclusionsOf(selection)
  for (const endpoint of cluster.endpoints()) steps.push(['candidate', candidate(endpoint, exclusion(endpoint))])
  for (const [i, set] of selection.sets.entries()) {
    const which = selection.sets.length > 1 ? ` of priority ${set.priority}` : ''
    if (selection.panic[i] === true && set.hosts.length > 0)
      steps.push(['candidate', `too few${which} are healthy: all are used (panic threshold)`])
  }
  const found = selection.peek(selecting, random)
  const shares = sharesOf(selection)
  if (shares.length > 1 && found !== undefined) {
    const { priority, tier } = found.source
    steps.push(['priority', `${shares.join(', ')}; the next draw falls on priority ${priority}, ${tier}`])
  }
  if (found?.source.locality !== undefined) {
    const name = localityName(found.source.locality)
    steps.push(['locality', `${name === '' ? 'unknown' : name}, ${found.source.hosts.length} to choose from`])
  }
  return { steps, endpoint: found?.endpoint }
}

function candidate(endpoint: Endpoint, exclusion: string | undefined): string {
  const labels = Object.entries(endpoint.model.labels).map(([key, value]) => `${key}=${value}`)
  const unfit = unfitnessOf(endpoint)
  const use = unfit === undefined ? 'may be used' : `may be used, though ${unfit}`
  const state = exclusion === undefined ? `${use}, ${endpoint.activeRequests} active` : `is left out: ${exclusion}`
  return [endpoint.key, ...labels, state].join(' ')
}

function sharesOf({ sets, loads }: Selection): string[] {
  return sets.flatMap(({ priority }, i) => [
    ...share(priority, 'healthy', loads.healthy[i] ?? 0),
    ...share(priority, 'degraded', loads.degraded[i] ?? 0),
  ])
}

function share(priority: number, tier: string, percent: number): string[] {
  return percent === 0 ? [] : [`${percent} % to priority ${priority}, ${tier}`]
}
