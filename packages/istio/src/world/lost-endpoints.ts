// Clusters that one update takes more than half of their endpoints from: it is applied, but worth a word.
import type { Cluster, MeshConfig, Problem } from '@proxyless/core/spi'
import type { Code } from '../codes.ts'

const code: Code = 'ENDPOINTS_LOST'

export function lostEndpoints(before: MeshConfig | undefined, clusters: ReadonlyMap<string, Cluster>): Problem[] {
  if (before === undefined) return []
  const problems: Problem[] = []
  for (const [name, next] of clusters) {
    const old = before.clusters.get(name)
    if (old === undefined || old === next) continue
    const had = endpointsOf(old)
    const has = endpointsOf(next)
    const lost = [...had].filter((endpoint) => !has.has(endpoint)).length
    if (lost * 2 <= had.size) continue
    problems.push(
      problemOf(next, `${name} lost ${lost} of its ${had.size} endpoints in one update, and has ${has.size}`),
    )
  }
  return problems
}

function endpointsOf({ discovery }: Cluster): Set<string> {
  if (discovery.kind === 'originalDestination') return new Set()
  return new Set(discovery.endpoints.map(({ address, port }) => `${address}:${port}`))
}

function problemOf({ origin }: Cluster, message: string): Problem {
  const { resource, path, source } = origin
  const place = source === undefined ? {} : { source }
  return { code, severity: 'warning', outcome: 'applied', resource, path, message, ...place }
}
