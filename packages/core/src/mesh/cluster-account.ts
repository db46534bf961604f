// What a cluster asks of its connections and holds against its endpoints, in words. Only what is set: defaults go without saying.
// Called by mesh/explain.
import type { CircuitBreakers, Cluster, UpstreamTls } from '../model/cluster.ts'
import type { OutlierDetection } from '../model/outlier.ts'

/** What it is about, what it says, and the part whose origin set it. */
type Line = readonly [what: string, text: string, part: string]

export function explainLimits({ tls, circuitBreakers, outlierDetection }: Cluster): readonly Line[] {
  const lines: Line[] = []
  if (tls !== undefined) lines.push(['tls', describeTls(tls), 'tls'])
  const limits = describeLimits(circuitBreakers)
  if (limits !== '') lines.push(['limits', limits, 'connectionPool'])
  if (outlierDetection !== undefined) lines.push(['outliers', describeOutliers(outlierDetection), 'outlierDetection'])
  return lines
}

function describeTls({ certificateFile, serverName, subjectAltNames, verify, caFile }: UpstreamTls): string {
  return [
    certificateFile === undefined ? 'without a client certificate' : `with the client certificate ${certificateFile}`,
    serverName === undefined ? "named by the request's host" : `named ${serverName}`,
    verify ? `verified by ${caFile ?? "the system's roots"}` : 'not verified',
    ...(subjectAltNames.length === 0 ? [] : [`must carry ${subjectAltNames.join(' or ')}`]),
  ].join(', ')
}

function describeLimits(limits: CircuitBreakers): string {
  const { maxConnections, maxPendingRequests, maxRequests, maxRetries } = limits
  return [
    [maxConnections, 'connections'] as const,
    [maxPendingRequests, 'pending'] as const,
    [maxRequests, 'requests'] as const,
    [maxRetries, 'retries'] as const,
  ]
    .filter(([max]) => Number.isFinite(max) && max < 2 ** 32 - 1)
    .map(([max, what]) => `${max} ${what}`)
    .join(', ')
}

function describeOutliers(detection: OutlierDetection): string {
  const { consecutive5xx, consecutiveGatewayFailure, intervalMs, baseEjectionTimeMs, maxEjectionPercent } = detection
  const { splitExternalLocalOriginErrors, consecutiveLocalOriginFailure, successRate, failurePercentage } = detection
  const causes = [
    ...(consecutive5xx > 0 ? [`${consecutive5xx} errors of status 5xx in a row`] : []),
    ...(consecutiveGatewayFailure > 0 ? [`${consecutiveGatewayFailure} of 502, 503 and 504 in a row`] : []),
    ...(splitExternalLocalOriginErrors && consecutiveLocalOriginFailure > 0
      ? [`${consecutiveLocalOriginFailure} failures of connections in a row`]
      : []),
    ...(successRate === undefined ? [] : ['a success rate far below the others']),
    ...(failurePercentage === undefined ? [] : ['too large a share of failures']),
  ]
  const most = `at most ${Number((maxEjectionPercent * 100).toFixed(2))} % of endpoints`
  return `ejected for ${baseEjectionTimeMs} ms and longer after ${causes.join(' or ') || 'nothing'}, ${most}, looked at every ${intervalMs} ms`
}
