// The names of all clusters to which the routes of a resource point.
import type { RouteResource } from '../decode/resources.ts'
import type { Piecewise } from '../piecewise.ts'

const found = new WeakMap<RouteResource, ReadonlySet<string>>()

export function* pointedClusters(routes: RouteResource): Piecewise<ReadonlySet<string>> {
  const known = found.get(routes)
  if (known !== undefined) return known
  const names = new Set<string>()
  for (const host of routes.hosts) {
    for (const { route } of host.routes) {
      if (route.action.kind !== 'forward') continue
      // those that a request names by a header are among all the others
      for (const { cluster } of route.action.clusters) if (cluster !== '') names.add(cluster)
      for (const { cluster } of route.action.mirrors) names.add(cluster)
    }
    yield
  }
  found.set(routes, names)
  return names
}
