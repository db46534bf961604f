// What load balancer, connection pool and outlier detection blocks must satisfy beyond their shape.
import type { Report } from '../findings.ts'
import type {
  ConnectionPoolSpec,
  LoadBalancerSpec,
  OutlierDetectionSpec,
  TcpKeepaliveSpec,
} from '../schema/traffic-policy.ts'
import { checkFailover, checkLocality, checkWarmup } from './locality.ts'

export function checkLoadBalancer(block: LoadBalancerSpec, path: string, report: Report): void {
  const hash = block.consistentHash
  if (hash !== undefined) {
    if (block.simple !== undefined)
      report.error('CONFLICTING_FIELDS', path, 'simple and consistentHash exclude one another')
    const keys = [hash.httpHeaderName, hash.httpCookie, hash.useSourceIp, hash.httpQueryParameterName]
    if (keys.filter((key) => key !== undefined).length > 1) {
      report.error('CONFLICTING_FIELDS', `${path}.consistentHash`, 'only one hash key may be set')
    }
    const kinds = [hash.minimumRingSize, hash.ringHash, hash.maglev].filter((kind) => kind !== undefined)
    if (kinds.length > 1) {
      report.error(
        'CONFLICTING_FIELDS',
        `${path}.consistentHash`,
        'minimumRingSize, ringHash and maglev exclude one another',
      )
    }
    if (
      hash.maglev?.tableSize !== undefined &&
      !(isPrime(hash.maglev.tableSize) && hash.maglev.tableSize < 5_000_011)
    ) {
      report.error('INVALID_VALUE', `${path}.consistentHash.maglev.tableSize`, 'must be a prime number below 5000011')
    }
    if (hash.useSourceIp === true) {
      report.warn(
        'HASH_SOURCE_IP',
        `${path}.consistentHash.useSourceIp`,
        'a client has no source address; a stable key of this process is used',
      )
    }
  }
  const { localityLbSetting, zoneAwareLbSetting, warmup, warmupDurationSecs } = block
  if (localityLbSetting !== undefined) checkLocality(localityLbSetting, `${path}.localityLbSetting`, report)
  if (zoneAwareLbSetting !== undefined) {
    checkFailover(zoneAwareLbSetting, `${path}.zoneAwareLbSetting`, report)
    if (localityLbSetting !== undefined && zoneAwareLbSetting.enabled === true)
      report.error('CONFLICTING_FIELDS', path, 'localityLbSetting and zoneAwareLbSetting exclude one another')
  }
  if (warmup !== undefined) {
    checkWarmup(warmup, `${path}.warmup`, report)
    if (warmupDurationSecs !== undefined)
      report.error('CONFLICTING_FIELDS', path, 'warmup and warmupDurationSecs exclude one another')
  }
}

export function checkConnectionPool(block: ConnectionPoolSpec, path: string, report: Report): void {
  const { tcp, http } = block
  if (tcp?.tcpKeepalive !== undefined) checkKeepalive(tcp.tcpKeepalive, `${path}.tcp.tcpKeepalive`, report)
  if (http?.h2UpgradePolicy === 'UPGRADE' && http.useClientProtocol === true) {
    report.error(
      'CONFLICTING_FIELDS',
      `${path}.http`,
      'h2UpgradePolicy UPGRADE and useClientProtocol exclude one another',
    )
  } else if (http?.useClientProtocol === true) {
    report.warn('NOT_YET_APPLIED', `${path}.http.useClientProtocol`, 'the protocol of the port is used')
  }
  if (http?.http2KeepAlive !== undefined) {
    report.warn('NOT_YET_APPLIED', `${path}.http.http2KeepAlive`, 'no HTTP/2 pings are sent')
  }
}

export function checkKeepalive({ probes, interval }: TcpKeepaliveSpec, path: string, report: Report): void {
  if (probes === undefined && interval === undefined) return
  report.warn('UNSUPPORTED_FIELD', path, 'Node.js can set the time only; the system decides on probes and interval')
}

export function checkOutlierDetection(block: OutlierDetectionSpec, path: string, report: Report): void {
  if (block.consecutiveErrors !== undefined) {
    const message = 'consecutiveErrors is ignored since Istio 1.6; use consecutive5xxErrors or consecutiveGatewayErrors'
    report.warn('DEPRECATED_FIELD', `${path}.consecutiveErrors`, message)
  }
  if ((block.consecutiveLocalOriginFailures ?? 0) > 0 && block.splitExternalLocalOriginErrors !== true) {
    const message = 'consecutiveLocalOriginFailures needs splitExternalLocalOriginErrors: true'
    report.error('CONFLICTING_FIELDS', `${path}.consecutiveLocalOriginFailures`, message)
  }
}

function isPrime(value: number): boolean {
  if (value < 2) return false
  for (let divisor = 2; divisor * divisor <= value; divisor++) if (value % divisor === 0) return false
  return true
}
