// What clusters in use have counted, under the names that Envoy's statistics have in Istio's Prometheus (SEMANTICS 13.5).
import type { Labels, LivingCluster, MetricFamily } from '@proxyless/core/spi'

interface ClusterMetric {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  readonly of: (cluster: LivingCluster) => number
}

const prefix = 'envoy_cluster_'

const clusterMetrics: readonly ClusterMetric[] = [
  counter('upstream_rq_total', 'Requests sent, retries included.', ({ counts }) => counts.requests),
  counter('upstream_rq_retry', 'Retries.', ({ counts }) => counts.retries),
  counter('upstream_rq_retry_success', 'Retries that succeeded.', ({ counts }) => counts.retrySuccesses),
  counter('upstream_rq_retry_overflow', 'Retries refused by a limit or budget.', ({ limits }) => limits.retryOverflows),
  counter(
    'upstream_rq_retry_limit_exceeded',
    'Calls that failed with no retry left.',
    ({ counts }) => counts.retryLimitExceeded,
  ),
  counter('upstream_rq_timeout', 'Attempts that the timeout of their call ended.', ({ counts }) => counts.timeouts),
  counter(
    'upstream_rq_per_try_timeout',
    'Attempts that took longer than one may.',
    ({ counts }) => counts.perTryTimeouts,
  ),
  counter(
    'upstream_rq_pending_overflow',
    'Requests refused by the limit of requests, or of those that wait.',
    ({ limits }) => limits.requestOverflows,
  ),
  counter('upstream_cx_overflow', 'Connections not opened by their limit.', ({ limits }) => limits.connectionOverflows),
  gauge('upstream_cx_active', 'Connections now.', ({ limits }) => limits.connections),
  gauge('upstream_rq_active', 'Requests on connections now.', ({ limits }) => limits.requests),
  gauge('upstream_rq_pending_active', 'Requests that wait for a connection.', ({ limits }) => limits.pending),
  gauge('upstream_rq_retry_active', 'Retries that are reserved or under way.', ({ limits }) => limits.retries),
  gauge('membership_total', 'Endpoints.', ({ endpointCount }) => endpointCount),
  gauge('membership_healthy', 'Endpoints that are healthy and not ejected.', (cluster) =>
    inSets(cluster, ({ healthy }) => healthy.length),
  ),
  gauge('membership_degraded', 'Endpoints that are degraded.', (cluster) =>
    inSets(cluster, ({ degraded }) => degraded.length),
  ),
  gauge('membership_excluded', 'Endpoints that asked not to be counted.', (cluster) =>
    inSets(cluster, ({ excluded }) => excluded),
  ),
  counter('lb_healthy_panic', 'Picks among all endpoints, as too few were fit.', ({ counts }) => counts.panicPicks),
  gauge(
    'outlier_detection_ejections_active',
    'Endpoints that are ejected.',
    ({ outlierDetector }) => outlierDetector?.ejectedCount ?? 0,
  ),
  counter('outlier_detection_ejections_enforced_total', 'Ejections.', ({ counts }) => counts.ejections),
  counter(
    'outlier_detection_ejections_overflow',
    'Ejections that maxEjectionPercent forbade.',
    ({ outlierDetector }) => outlierDetector?.overflows ?? 0,
  ),
  remaining('cx', 'connections', ({ limits }) => limits.thresholds.maxConnections - limits.connections),
  remaining('pending', 'requests that wait', ({ limits }) => limits.thresholds.maxPendingRequests - limits.pending),
  remaining('rq', 'requests', ({ limits }) => limits.thresholds.maxRequests - limits.requests),
  remaining('retries', 'retries, by the limit or the budget', ({ limits }) => limits.retriesAllowed - limits.retries),
]

export function clusterFamilies(living: ReadonlyMap<string, LivingCluster>): MetricFamily[] {
  const clusters = [...living.values()].map((cluster) => [{ cluster_name: cluster.name }, cluster] as const)
  return clusterMetrics.map(({ name, type, help, of }) => ({
    name,
    type,
    help,
    samples: clusters.map(([labels, cluster]): readonly [Labels, number] => [labels, of(cluster)]),
  }))
}

type Sets = LivingCluster['selection']['sets']

function inSets({ selection }: LivingCluster, count: (set: Sets[number]) => number): number {
  return selection.sets.reduce((sum, set) => sum + count(set), 0)
}

function counter(name: string, help: string, of: ClusterMetric['of']): ClusterMetric {
  return { name: prefix + name, type: 'counter', help, of }
}

function gauge(name: string, help: string, of: ClusterMetric['of']): ClusterMetric {
  return { name: prefix + name, type: 'gauge', help, of }
}

/** Limits that are none are shown as Istio's, 2^32 - 1. */
function remaining(name: string, what: string, of: ClusterMetric['of']): ClusterMetric {
  return gauge(`circuit_breakers_default_remaining_${name}`, `How many more ${what} there may be.`, (cluster) =>
    Math.min(Math.max(0, of(cluster)), 2 ** 32 - 1),
  )
}
