// What a DestinationRule must satisfy beyond its shape (Istio's ValidateDestinationRule).
import type { Report } from '../findings.ts'
import type { DestinationRuleSpec } from '../schema/destination-rule.ts'
import type { PolicyBlocks, TlsSpec, TrafficPolicySpec } from '../schema/traffic-policy.ts'
import { checkExportTo, isHostPattern } from './hosts.ts'
import { checkConnectionPool, checkLoadBalancer, checkOutlierDetection } from './policy-blocks.ts'

export function checkDestinationRule(spec: DestinationRuleSpec, report: Report): void {
  if (!isHostPattern(spec.host)) report.error('INVALID_VALUE', 'spec.host', `"${spec.host}" is not a host name`)
  checkExportTo(spec.exportTo, report)
  if (spec.trafficPolicy !== undefined) checkPolicy(spec.trafficPolicy, 'spec.trafficPolicy', report)
  const names = new Set<string>()
  for (const [index, subset] of (spec.subsets ?? []).entries()) {
    const path = `spec.subsets[${index}]`
    if (names.has(subset.name))
      report.error('INVALID_VALUE', `${path}.name`, `the subset "${subset.name}" is defined twice`)
    names.add(subset.name)
    if (subset.trafficPolicy !== undefined) checkPolicy(subset.trafficPolicy, `${path}.trafficPolicy`, report)
  }
}

function checkPolicy(policy: TrafficPolicySpec, path: string, report: Report): void {
  if (Object.keys(policy).length === 0) report.error('MISSING_FIELD', path, 'at least one policy must be set')
  checkBlocks(policy, path, report)
  const ports = new Set<number>()
  for (const [index, settings] of (policy.portLevelSettings ?? []).entries()) {
    const at = `${path}.portLevelSettings[${index}]`
    const number = settings.port?.number
    if (number === undefined) report.error('MISSING_FIELD', `${at}.port.number`, 'the port number is required')
    else if (ports.has(number)) report.error('INVALID_VALUE', `${at}.port.number`, `port ${number} is set twice`)
    else ports.add(number)
    checkBlocks(settings, at, report)
  }
}

function checkBlocks(blocks: PolicyBlocks, path: string, report: Report): void {
  if (blocks.loadBalancer !== undefined) checkLoadBalancer(blocks.loadBalancer, `${path}.loadBalancer`, report)
  if (blocks.connectionPool !== undefined) checkConnectionPool(blocks.connectionPool, `${path}.connectionPool`, report)
  if (blocks.outlierDetection !== undefined)
    checkOutlierDetection(blocks.outlierDetection, `${path}.outlierDetection`, report)
  if (blocks.tls !== undefined) checkTls(blocks.tls, `${path}.tls`, report)
  if (blocks.tunnel !== undefined && blocks.proxyProtocol !== undefined) {
    report.error('CONFLICTING_FIELDS', path, 'tunnel and proxyProtocol exclude one another')
  }
  for (const field of ['tunnel', 'proxyProtocol'] as const) {
    if (blocks[field] !== undefined) {
      report.warn(
        'NOT_YET_APPLIED',
        `${path}.${field}`,
        `${field} concerns raw TCP and TLS; HTTP calls go out without it`,
      )
    }
  }
}

function checkTls(tls: TlsSpec, path: string, report: Report): void {
  if (tls.mode === 'ISTIO_MUTUAL') {
    report.error(
      'TLS_ISTIO_MUTUAL',
      `${path}.mode`,
      'ISTIO_MUTUAL is not supported; calls to this host fail instead of going out in plain text',
    )
  } else if (tls.credentialName !== undefined && tls.credentialName !== '' && tls.mode !== 'DISABLE') {
    const message =
      'credentialName is not supported; give file paths. Calls to this host fail instead of going out in plain text'
    report.error('TLS_CREDENTIAL_NAME', `${path}.credentialName`, message)
  } else if (tls.mode === 'MUTUAL' && (empty(tls.clientCertificate) || empty(tls.privateKey))) {
    report.error('MISSING_FIELD', path, 'MUTUAL needs clientCertificate and privateKey')
  }
  if (tls.insecureSkipVerify === true && (!empty(tls.caCertificates) || (tls.subjectAltNames?.length ?? 0) > 0)) {
    report.error('CONFLICTING_FIELDS', path, 'insecureSkipVerify excludes caCertificates and subjectAltNames')
  }
  if (!empty(tls.caCrl)) report.warn('NOT_YET_APPLIED', `${path}.caCrl`, 'revocation lists are not checked')
}

function empty(text: string | undefined): boolean {
  return text === undefined || text === ''
}
