// Virtual hosts for the engine: routes with the faults of their listener, under the names and ports that callers use.
import type { FaultPolicy, ForwardAction, Origin, Route, VirtualHost, WeightedCluster } from '@proxyless/core/spi'
import type { Piecewise } from '../piecewise.ts'
import type { FilterFaults, HttpListener, RouteEntry, RouteHost, RouteResource } from '../decode/resources.ts'
import { hostFor, splitDomain } from './domains.ts'

/** For one name that callers use (`reviews:9080`), as gRPC looks it up; undefined: the routes are not for it. */
export function hostsForTarget(
  target: string,
  listener: HttpListener,
  routes: RouteResource,
  source: string,
): readonly VirtualHost[] | undefined {
  const { host, port } = splitDomain(target.toLowerCase())
  const found = hostFor(routes.hosts, target.toLowerCase()) ?? hostFor(routes.hosts, host)
  if (found === undefined) return undefined
  return [made(found, [host], port, listener, originOf(routes, found, source))]
}

/** All of a listener with a socket: a domain without port is for the listener's. */
export function* hostsForSocket(
  listener: HttpListener,
  routes: RouteResource,
  source: string,
): Piecewise<readonly VirtualHost[]> {
  const hosts: VirtualHost[] = []
  for (const host of routes.hosts) {
    hosts.push(...hostForSocket(host, listener, originOf(routes, host, source)))
    yield
  }
  return hosts
}

function hostForSocket(host: RouteHost, listener: HttpListener, origin: Origin): VirtualHost[] {
  const byPort = new Map<number | undefined, Set<string>>()
  for (const domain of host.domains) {
    const { host: name, port = listener.port } = splitDomain(domain)
    const names = byPort.get(port)
    if (names === undefined) byPort.set(port, new Set([name]))
    else names.add(name)
  }
  return [...byPort].map(([port, names]) => made(host, [...names], port, listener, origin))
}

/** Answers at once what nobody can route, and says why. */
export function refusingHost(target: string, why: string, source: string): VirtualHost {
  const { host, port } = splitDomain(target.toLowerCase())
  const origin: Origin = { resource: `Listener ${target}`, path: '', source }
  const route: Route = {
    name: 'unavailable',
    match: { path: { kind: 'prefix', value: '/', ignoreCase: false }, headers: [], queryParameters: [] },
    action: { kind: 'directResponse', status: 503, body: why, unavailable: true },
    origin,
    origins: {},
  }
  return { name: target, domains: [host], ...(port === undefined ? {} : { port }), routes: [route], origin }
}

function made(
  host: RouteHost,
  domains: readonly string[],
  port: number | undefined,
  listener: HttpListener,
  origin: Origin,
): VirtualHost {
  return {
    name: host.name,
    domains,
    ...(port === undefined ? {} : { port }),
    routes: host.routes.map((entry) => within(entry, listener)),
    origin,
  }
}

/** What a listener says of the routes that it carries: its fault filters, and how long streams may last. */
function within({ route, faults, clusterFaults, saysDuration }: RouteEntry, listener: HttpListener): Route {
  const { action } = route
  if (action.kind !== 'forward') return route
  const fault = faultOf(listener, [faults])
  const timeoutMs = saysDuration ? action.timeoutMs : shorter(action.timeoutMs, listener.maxStreamMs)
  const clusters =
    clusterFaults.length === 0 ? action.clusters : withOwnFaults(action, fault, clusterFaults, faults, listener)
  if (fault === undefined && timeoutMs === action.timeoutMs && clusters === action.clusters) return route
  return { ...route, action: { ...action, timeoutMs, clusters, ...(fault === undefined ? {} : { fault }) } }
}

function withOwnFaults(
  { clusters }: ForwardAction,
  fault: FaultPolicy | undefined,
  own: readonly FilterFaults[],
  faults: FilterFaults,
  listener: HttpListener,
): readonly WeightedCluster[] {
  return clusters.map((cluster, n) => {
    const ofCluster = faultOf(listener, [own[n] ?? nothing, faults])
    return ofCluster === fault ? cluster : { ...cluster, fault: ofCluster ?? 'none' }
  })
}

/** The first word on a filter stands for all others and the listener's; a filter that the listener does not have does nothing. */
function faultOf(listener: HttpListener, said: readonly FilterFaults[]): FaultPolicy | undefined {
  for (const [name, general] of listener.faults) {
    const own = said.find((each) => each.has(name))
    const fault = own === undefined ? general : own.get(name)
    if (fault !== undefined) return fault
  }
  return undefined
}

const nothing: FilterFaults = new Map()

/** Of two durations of which 0 is none. */
function shorter(one: number, other: number): number {
  return one === 0 || other === 0 ? one + other : Math.min(one, other)
}

function originOf(routes: RouteResource, host: RouteHost, source: string): Origin {
  if (host.origin !== undefined) return host.origin
  return { resource: `RouteConfiguration ${routes.name}`, path: `virtual_hosts[${host.name}]`, source }
}
