// Three zones, and it costs to leave one: who stays at home, and what becomes of the load when a zone loses instances.
import type { Cluster } from '@proxyless/core/spi'
import { about } from '../engine/distributions.ts'
import { endpointsOf, localityOf } from '../engine/network.ts'
import { run } from '../engine/run.ts'
import { leastRequest, policies } from './policies.ts'
import { type Scenario, seed } from './scenario.ts'

/** Of twelve instances, and of the three clients. */
const zones = [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 0]
const instances = zones.length

/** Priorities by locality, as `localityLbSetting` makes them. */
function homeFirst(place: number): Partial<Cluster> {
  const own = localityOf(place, zones).zone
  return {
    discovery: {
      kind: 'static',
      endpoints: endpointsOf(instances, 0, zones).map((one) => ({
        ...one,
        priority: one.locality.zone === own ? 0 : 1,
      })),
    },
  }
}

function zoneAware(place: number): Partial<Cluster> {
  const clients = Array.from({ length: 3 }, (_, i) => ({ locality: localityOf(i, zones), count: 1 }))
  return {
    localities: {
      kind: 'zoneAware',
      own: localityOf(place, zones),
      clients,
      minClusterSize: 6,
      routingEnabled: 1,
      failTrafficOnPanic: false,
    },
  }
}

export const threeZones: Scenario = {
  name: 'Three zones',
  story:
    'A client and instances in each of three zones, 2 ms further from one to another; the zones have five, four and three instances. ' +
    'The last column is the share of requests that left their zone.',
  policies: {
    'least request': policies['least request'],
    'least request, nearest first (localityLbSetting)': {
      cluster: { loadBalancer: leastRequest },
      own: homeFirst,
    },
    'least request, zone aware (zoneAwareLbSetting)': { cluster: { loadBalancer: leastRequest }, own: zoneAware },
  },
  units: { 'left the zone': 'percent' },
  run: (policy) =>
    run(
      {
        seed,
        servers: instances,
        server: { workers: 1, serviceMs: about(10) },
        rate: 900,
        seconds: 12,
        measure: [2, 12],
        network: { zones, betweenZonesMs: 2 },
        more: ({ clients, servers: all }) => ({
          'left the zone':
            clients.reduce((sum, { strayed }) => sum + strayed, 0) /
            all.reduce((sum, { received }) => sum + received, 0),
        }),
      },
      policy,
    ),
}
