// Clusters in use without a mesh: real ones, whose endpoints' numbers a test sets.
import { Draining, LivingCluster, type LivingEndpoint, SeededRandom, type VirtualClock } from '@proxyless/core/spi'
import { readCluster } from '../decode/cluster.ts'
import { optionsFor } from '../decode/messages.suite.ts'
import { Reading } from '../decode/reading.ts'
import { Cluster } from '../generated/envoy/config/cluster/v3/cluster.ts'

export function livingCluster(name: string, clock: VirtualClock, ports: readonly number[]): LivingCluster {
  const { cluster } = readCluster(new Reading(optionsFor('sidecar')), Cluster.fromPartial({ name }))
  const endpoints = ports.map((port) => ({
    address: '10.0.0.1',
    port,
    weight: 1,
    health: 'healthy' as const,
    labels: {},
    // even ports are in another zone
    locality: { region: 'r', zone: port % 2 === 0 ? 'b' : 'a', subzone: '' },
    priority: 0,
  }))
  return new LivingCluster(
    { ...cluster, discovery: { kind: 'static', endpoints } },
    {
      clock,
      random: new SeededRandom(1),
      resolver: { resolve: () => Promise.reject(new Error('no names here')) },
      draining: new Draining(),
      endpointHealthChanged: () => undefined,
      endpointEjected: () => undefined,
      endpointReturned: () => undefined,
    },
  )
}

export function at(cluster: LivingCluster, port: number): LivingEndpoint {
  return [...cluster.endpoints()].find((endpoint) => endpoint.model.port === port)!
}

/** So many calls ended, of which these were errors; so many are under way now. */
export function count(endpoint: LivingEndpoint, ended: number, errors = 0, underWay = endpoint.activeRequests): void {
  endpoint.totalRequests += ended + underWay - endpoint.activeRequests
  endpoint.failedRequests += errors
  endpoint.activeRequests = underWay
}
