// What a VirtualService must satisfy beyond its shape (Istio's ValidateVirtualService).
import type { RegexEngine } from '@proxyless/core/spi'
import type { Report } from '../findings.ts'
import type { L4RouteSpec, VirtualServiceSpec } from '../schema/virtual-service.ts'
import { checkExportTo, isCidr, isHostPattern } from './hosts.ts'
import { checkHttpRoute } from './http-route.ts'

export function checkVirtualService(spec: VirtualServiceSpec, report: Report, regex: RegexEngine): void {
  const hosts = spec.hosts ?? []
  const isDelegate = hosts.length === 0
  checkExportTo(spec.exportTo, report)
  if (isDelegate) checkDelegate(spec, report)
  else checkHosts(spec, hosts, report)
  if (!hasRoutes(spec)) {
    report.warn(
      'VS_EMPTY',
      'spec',
      'there is no http, tls or tcp route (Istio refuses this); hosts behave as without it',
    )
  }
  for (const [index, route] of (spec.http ?? []).entries()) {
    const path = `spec.http[${index}]`
    if (isDelegate && route.delegate !== undefined) {
      report.error(
        'CONFLICTING_FIELDS',
        `${path}.delegate`,
        'a delegate (a VirtualService without hosts) cannot delegate further',
      )
    }
    checkHttpRoute(route, path, report, regex)
  }
  for (const [index, route] of (spec.tls ?? []).entries()) checkTlsRoute(route, `spec.tls[${index}]`, hosts, report)
  for (const [index, route] of (spec.tcp ?? []).entries()) checkL4Route(route, `spec.tcp[${index}]`, report)
}

export function hasRoutes({ http = [], tls = [], tcp = [] }: VirtualServiceSpec): boolean {
  return http.length + tls.length + tcp.length > 0
}

function checkDelegate(spec: VirtualServiceSpec, report: Report): void {
  if ((spec.gateways?.length ?? 0) > 0) {
    report.error(
      'CONFLICTING_FIELDS',
      'spec.gateways',
      'a delegate (a VirtualService without hosts) cannot name gateways',
    )
  }
  if ((spec.tls?.length ?? 0) + (spec.tcp?.length ?? 0) > 0) {
    report.error('CONFLICTING_FIELDS', 'spec', 'a delegate (a VirtualService without hosts) has http routes only')
  }
}

function checkHosts(spec: VirtualServiceSpec, hosts: readonly string[], report: Report): void {
  const seen = new Set<string>()
  const meshOnly = (spec.gateways ?? ['mesh']).every((gateway) => gateway === 'mesh')
  for (const [index, host] of hosts.entries()) {
    const path = `spec.hosts[${index}]`
    if (!isHostPattern(host)) report.error('INVALID_VALUE', path, `"${host}" is not a host name`)
    if (host === '*' && meshOnly) report.error('INVALID_VALUE', path, 'the host * is allowed for gateways only')
    if (seen.has(host)) report.error('INVALID_VALUE', path, `"${host}" is listed twice`)
    seen.add(host)
  }
  for (const wildcard of hosts) {
    if (!wildcard.startsWith('*') || wildcard === '*') continue
    const covered = hosts.findIndex((host) => host !== wildcard && host.endsWith(wildcard.slice(1)))
    if (covered >= 0)
      report.error('INVALID_VALUE', `spec.hosts[${covered}]`, `"${hosts[covered]}" lies within "${wildcard}"`)
  }
}

function checkTlsRoute(route: L4RouteSpec, path: string, hosts: readonly string[], report: Report): void {
  checkL4Route(route, path, report)
  if ((route.match?.length ?? 0) === 0) report.error('MISSING_FIELD', path, 'a tls route needs match with sniHosts')
  for (const [index, match] of (route.match ?? []).entries()) {
    const at = `${path}.match[${index}]`
    if ((match.sniHosts?.length ?? 0) === 0)
      report.error('MISSING_FIELD', `${at}.sniHosts`, 'at least one SNI host is required')
    for (const [position, sni] of (match.sniHosts ?? []).entries()) {
      const within = hosts.some(
        (host) => host === '*' || host === sni || (host.startsWith('*') && sni.endsWith(host.slice(1))),
      )
      const short = !hosts.some((host) => host.includes('.'))
      if (!within && !short) {
        report.error(
          'INVALID_VALUE',
          `${at}.sniHosts[${position}]`,
          `"${sni}" is not within the hosts of this VirtualService`,
        )
      }
    }
  }
}

function checkL4Route(route: L4RouteSpec, path: string, report: Report): void {
  const destinations = route.route ?? []
  if (destinations.length === 0) report.error('MISSING_FIELD', `${path}.route`, 'a route needs destinations')
  if (destinations.length > 1 && destinations.every((destination) => (destination.weight ?? 0) === 0)) {
    report.error('WEIGHTS_ZERO', `${path}.route`, 'the weights of several destinations add up to 0')
  }
  for (const [index, match] of (route.match ?? []).entries()) {
    for (const [position, subnet] of (match.destinationSubnets ?? []).entries()) {
      if (!isCidr(subnet)) {
        report.error(
          'INVALID_VALUE',
          `${path}.match[${index}].destinationSubnets[${position}]`,
          `"${subnet}" is not an IP range`,
        )
      }
    }
  }
  report.info('NOT_YET_APPLIED', path, 'tls and tcp routes are kept, but HTTP calls do not use them')
}
