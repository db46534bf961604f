// Loads as the messages of LRS have them: by cluster and locality, and by endpoint where the server asks for it. Pure.
import type { Locality } from '@proxyless/core/spi'
import { ClusterStats } from '../generated/envoy/config/endpoint/v3/load_report.ts'
import type { ClusterLoad, EndpointLoad } from './load-meter.ts'

export interface ReportOptions {
  readonly nowMs: number
  readonly byEndpoint: boolean
  readonly serviceName: (cluster: string) => string
}

export function clusterStats(load: ClusterLoad, { nowMs, byEndpoint, serviceName }: ReportOptions): ClusterStats {
  const elapsedMs = nowMs - load.sinceMs
  const groups = new Map<string, EndpointLoad[]>()
  for (const each of load.endpoints) {
    const { locality, priority } = each.endpoint.model
    const key = JSON.stringify([locality.region, locality.zone, locality.subzone, priority])
    groups.set(key, [...(groups.get(key) ?? []), each])
  }
  return ClusterStats.fromPartial({
    clusterName: load.name,
    clusterServiceName: serviceName(load.name),
    totalDroppedRequests: [...load.dropped.values()].reduce((sum, count) => sum + count, load.refused),
    droppedRequests: [...load.dropped].map(([category, droppedCount]) => ({ category, droppedCount })),
    loadReportInterval: { seconds: Math.floor(elapsedMs / 1000), nanos: Math.floor((elapsedMs % 1000) * 1e6) },
    upstreamLocalityStats: [...groups.values()].map((endpoints) => ({
      ...counters(endpoints),
      ...utilizations(endpoints),
      locality: localityOf(endpoints[0]!.endpoint.model.locality),
      priority: endpoints[0]!.endpoint.model.priority,
      upstreamEndpointStats: byEndpoint
        ? endpoints.map((each) => ({ ...counters([each]), address: addressOf(each) }))
        : [],
    })),
  })
}

function counters(loads: readonly EndpointLoad[]): object {
  const sum = (of: (load: EndpointLoad) => number): number => loads.reduce((total, load) => total + of(load), 0)
  return {
    totalIssuedRequests: sum(({ issued }) => issued),
    totalSuccessfulRequests: sum(({ successes }) => successes),
    totalErrorRequests: sum(({ errors }) => errors),
    totalRequestsInProgress: sum(({ inProgress }) => inProgress),
    loadMetricStats: [...metricsOf(loads)]
      .filter(([name]) => !(name in ownFields))
      .map(([metricName, stats]) => ({ metricName, ...stats })),
  }
}

/** These have fields of their own, of localities only (gRFC A85). */
const ownFields: Readonly<Record<string, string>> = {
  cpu_utilization: 'cpuUtilization',
  mem_utilization: 'memUtilization',
  application_utilization: 'applicationUtilization',
}

function utilizations(loads: readonly EndpointLoad[]): object {
  const own = [...metricsOf(loads)].filter(([name]) => name in ownFields)
  return Object.fromEntries(own.map(([name, stats]) => [ownFields[name], stats]))
}

function metricsOf(loads: readonly EndpointLoad[]): Map<string, object> {
  const sums = new Map<string, { numRequestsFinishedWithMetric: number; totalMetricValue: number }>()
  for (const [name, { count, total }] of loads.flatMap(({ metrics }) => [...metrics])) {
    const { numRequestsFinishedWithMetric: before = 0, totalMetricValue = 0 } = sums.get(name) ?? {}
    sums.set(name, { numRequestsFinishedWithMetric: before + count, totalMetricValue: totalMetricValue + total })
  }
  return sums
}

function localityOf({ region, zone, subzone }: Locality): object {
  return { region, zone, subZone: subzone }
}

function addressOf({ endpoint: { model } }: EndpointLoad): object {
  if (model.address.startsWith('unix:')) {
    return { address: { $case: 'pipe', value: { path: model.address.slice('unix:'.length) } } }
  }
  const value = { address: model.address, portSpecifier: { $case: 'portValue', value: model.port } }
  return { address: { $case: 'socketAddress', value } }
}
