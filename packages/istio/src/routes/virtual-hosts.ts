// The virtual hosts of this client: one per service and port, and one per host that only a VirtualService knows.
import type { ForwardAction, Route, VirtualHost } from '@proxyless/core/spi'
import { PASSTHROUGH, clusterName, podClusterHost } from '../clusters/cluster.ts'
import { composePolicy } from '../clusters/policy.ts'
import { originOf } from '../documents/resource.ts'
import type { Pace } from '../pace.ts'
import { isHttp } from '../registry/protocol.ts'
import type { MeshService, ServicePort } from '../registry/service.ts'
import { isWithin } from '../scope/wildcards.ts'
import { BUILT_IN } from '../world/settings.ts'
import type { World } from '../world/world.ts'
import type { Claims, Plan } from './claims.ts'
import { domainsOf, podDomainsOf } from './domains.ts'
import { hashPolicyOf } from './hash.ts'
import { MATCH_ALL } from './match.ts'
import { translateRetries } from './retry.ts'
import { RouteBuilder } from './routes.ts'

const HTTPS_PORT = 443

/** Hosts of VirtualServices first: an earlier host wins a domain that two claim. */
export async function buildVirtualHosts(world: World, claims: Claims, pace: Pace): Promise<VirtualHost[]> {
  const builder = new RouteBuilder(world)
  const hosts: VirtualHost[] = []
  for (const plan of claims.plans) {
    addOwnHosts(hosts, world, claims, plan, builder)
    if (pace.due()) await pace.rest()
  }
  const aliases = world.services.aliases()
  for (const service of world.services.all()) {
    addServiceHosts(hosts, world, service, aliases.get(service.host) ?? [], claims.byHost.find(service.host), builder)
    if (pace.due()) await pace.rest()
  }
  return hosts
}

function addServiceHosts(
  hosts: VirtualHost[],
  world: World,
  service: MeshService,
  aliases: readonly string[],
  plan: Plan | undefined,
  builder: RouteBuilder,
): void {
  const { namespace } = world.client
  const domains = domainsOf(service, aliases, namespace, world.settings.domain)
  for (const port of world.services.portsOf(service)) {
    if (port.protocol === 'udp') continue
    const opaque = !isHttp(port.protocol) && !(port.protocol === 'tls' && world.httpsAsL7)
    const said = plan === undefined || opaque ? [] : builder.routesOf(plan, port.number)
    if (said.length > 0 && port.protocol === 'tls' && plan !== undefined) warnHttpsAsL7(world, plan)
    const origin = said.length > 0 && plan !== undefined ? originOf(plan.resource, '') : originOf(service.resource, '')
    const routes = said.length > 0 ? said : [defaultRoute(world, service, port, service.host, opaque)]
    const name = `${service.host}:${port.number}`
    hosts.push({ name, domains, port: port.number, routes, origin })
    if (!service.headless) continue
    const pods = podDomainsOf(service, namespace, world.settings.domain)
    const podRoutes = [defaultRoute(world, service, port, podClusterHost(service), opaque)]
    hosts.push({ name: `*.${name}`, domains: pods, port: port.number, routes: podRoutes, origin })
  }
}

/** Hosts that no service has: any port, as the documents mean it; only port 80 where sidecars are to be copied. */
function addOwnHosts(hosts: VirtualHost[], world: World, claims: Claims, plan: Plan, builder: RouteBuilder): void {
  const services = plan.hosts.flatMap((host) => world.services.find(host) ?? [])
  const shared = new Set(services.flatMap((service) => world.services.portsOf(service).map((port) => port.number)))
  const ports = world.strictSidecarPorts
    ? new Set<number | undefined>([80, ...shared])
    : new Set([...builder.portsOf(plan), undefined])
  // Bytes of https pass untouched, whatever is said for any port: an earlier host wins.
  const untouched = !world.httpsAsL7 && !world.strictSidecarPorts
  if (untouched) ports.delete(HTTPS_PORT)
  for (const host of plan.hosts) {
    if (claims.byHost.get(host) !== plan || isServed(world, host)) continue
    if (untouched) hosts.push(ownHost(plan, host, HTTPS_PORT, [opaqueRoute(PASSTHROUGH)]))
    for (const port of ports) {
      const routes = builder.routesOf(plan, port)
      if (routes.length > 0) hosts.push(ownHost(plan, host, port, routes))
    }
  }
}

function isServed(world: World, host: string): boolean {
  if (!host.startsWith('*')) return world.services.find(host) !== undefined
  for (const service of world.services.all()) if (isWithin(service.host, host)) return true
  return false
}

function ownHost(plan: Plan, host: string, port: number | undefined, routes: readonly Route[]): VirtualHost {
  const origin = originOf(plan.resource, '')
  const domains = host.startsWith('*') ? [host] : [host, `${host}.`]
  return {
    name: port === undefined ? host : `${host}:${port}`,
    domains,
    ...(port === undefined ? {} : { port }),
    routes,
    origin,
  }
}

function defaultRoute(world: World, service: MeshService, port: ServicePort, host: string, opaque: boolean): Route {
  const cluster = clusterName(host, port.number)
  if (opaque) return opaqueRoute(cluster)
  const rule = world.rules.find(service.host, service.namespace)
  const balancing =
    rule === undefined ? undefined : composePolicy(rule, undefined, port.number, world.settings).loadBalancer
  const hash = hashPolicyOf(balancing?.value)
  // istiod leaves a host that failed even where a hash chose it; only routes of a VirtualService come back to it
  const retry = translateRetries(undefined, world, false)
  const { timeoutMs } = world.compat
  const action: ForwardAction = {
    kind: 'forward',
    clusters: [{ cluster, weight: 1 }],
    timeoutMs,
    maxGrpcTimeoutMs: timeoutMs,
    ...(retry === undefined ? {} : { retry }),
    mirrors: [],
    hashPolicies: hash === undefined ? [] : [hash],
  }
  const origins = { timeout: BUILT_IN, retry: world.settings.originOf('defaultHttpRetryPolicy') }
  return { name: 'default', match: MATCH_ALL, action, origin: originOf(service.resource, ''), origins }
}

/** Bytes pass untouched: no rules, no retries, no timeout. */
function opaqueRoute(cluster: string): Route {
  const action: ForwardAction = {
    kind: 'forward',
    clusters: [{ cluster, weight: 1 }],
    timeoutMs: 0,
    mirrors: [],
    hashPolicies: [],
  }
  return { name: 'default', match: MATCH_ALL, action, origin: BUILT_IN, origins: {} }
}

function warnHttpsAsL7(world: World, plan: Plan): void {
  const message =
    'http rules are applied to https calls; a sidecar sees only encrypted bytes and could not (httpsAsL7: false turns this off)'
  world.findings.info('HTTPS_AS_L7', plan.resource, 'spec.http', message)
}
