// What stands beside a cluster's fields. Both directions.
import type { Cluster, Discovery, SlowStart, ZoneAware } from '@proxyless/core/spi'
import { defaultMaxStreams } from '../decode/cluster-policy.ts'
import { readAdaptive, writeAdaptive } from './adaptive.ts'
import { listIn, numberIn, numbersIn, objectIn, type Own, textIn } from './metadata.ts'
import { readOrigin, readOrigins, writeOrigins } from './origin.ts'
import { readService, writeService } from './service.ts'
import { readZones, writeZones } from './zones.ts'

export function writeOwnCluster(cluster: Cluster): Own {
  const { name, service, connectionPool, circuitBreakers, outlierDetection, localities, protocol } = cluster
  const { maxConcurrentStreams, tcpKeepAliveMs = 0 } = connectionPool
  const intervalMs = circuitBreakers.retryBudget?.intervalMs
  const errorStatusCodes = outlierDetection?.errorStatusCodes
  return {
    ...writeOrigins(cluster.origin, cluster.origins),
    ...writeService(name, service),
    ...(cluster.external === true ? { external: true } : {}),
    ...(localities?.kind === 'zoneAware' ? writeZones(localities) : {}),
    ...(protocol === 'http1' && maxConcurrentStreams !== defaultMaxStreams ? { maxConcurrentStreams } : {}),
    ...(tcpKeepAliveMs % 1000 === 0 ? {} : { tcpKeepAliveMs }),
    ...(intervalMs === undefined ? {} : { retryBudgetIntervalMs: intervalMs }),
    ...(errorStatusCodes === undefined ? {} : { errorStatusCodes }),
    ...writeAdaptive(cluster.adaptive, cluster.aperture),
  }
}

/** A discovery that the fields cannot say, or a slow start that the balancer's cannot. */
export function writeDiscovery(discovery: Discovery): Own {
  if (discovery.kind !== 'originalDestination') return { discovery: discovery.kind }
  return { discovery: discovery.kind, ...(discovery.port === undefined ? {} : { port: discovery.port }) }
}

export function writeSlowStart(slowStart: SlowStart): Own {
  return { slowStart }
}

/** What is put over the cluster that the fields made. */
export interface OwnCluster {
  readonly kind: Discovery['kind'] | undefined
  readonly port: number | undefined
  readonly zones: ZoneAware | undefined
  apply(cluster: Cluster): Cluster
}

export function readOwnCluster(own: Own | undefined, instance: string | undefined): OwnCluster {
  const kind = textIn(own, 'discovery')
  return {
    kind: kinds.find((each) => each === kind),
    port: numberIn(own, 'port'),
    zones: readZones(own),
    apply: (cluster) => (own === undefined ? cluster : applied(own, instance, cluster)),
  }
}

const kinds = ['static', 'strictDns', 'logicalDns', 'originalDestination'] as const

function applied(own: Own, instance: string | undefined, cluster: Cluster): Cluster {
  const { connectionPool, circuitBreakers, outlierDetection } = cluster
  const { retryBudget } = circuitBreakers
  const slowStart = numbersIn(objectIn(own, 'slowStart'), ['windowMs', 'aggression', 'minWeight'])
  const pool = numbersOf(own, ['maxConcurrentStreams', 'tcpKeepAliveMs'])
  const intervalMs = numberIn(own, 'retryBudgetIntervalMs')
  const codes = listIn(own, 'errorStatusCodes')
  const errorStatusCodes = codes?.filter((code) => typeof code === 'number')
  return {
    ...cluster,
    service: readService(own) ?? cluster.service,
    ...(own['external'] === true ? { external: true } : {}),
    connectionPool: { ...connectionPool, ...pool },
    circuitBreakers:
      retryBudget === undefined || intervalMs === undefined
        ? circuitBreakers
        : { ...circuitBreakers, retryBudget: { ...retryBudget, intervalMs } },
    ...(outlierDetection === undefined || errorStatusCodes === undefined
      ? {}
      : { outlierDetection: { ...outlierDetection, errorStatusCodes } }),
    ...(slowStart === undefined ? {} : { slowStart }),
    ...readAdaptive(own, instance),
    origin: readOrigin(own) ?? cluster.origin,
    origins: readOrigins(own),
  }
}

/** Those that are there. */
function numbersOf<K extends string>(own: Own, keys: readonly K[]): { [P in K]?: number } {
  const entries = keys.flatMap((key) => {
    const value = numberIn(own, key)
    return value === undefined ? [] : [[key, value] as const]
  })
  return Object.fromEntries(entries) as { [P in K]?: number }
}
