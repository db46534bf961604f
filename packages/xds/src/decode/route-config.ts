// RouteConfiguration: its virtual hosts and their routes, with what the levels above say put into each route.
import type { FaultPolicy, Origin, Route } from '@proxyless/core/spi'
import {
  FilterConfig,
  type Route as WireRoute,
  VirtualHost,
} from '../generated/envoy/config/route/v3/route_components.ts'
import { RouteConfiguration } from '../generated/envoy/config/route/v3/route.ts'
import type { Any } from '../generated/google/protobuf/any.ts'
import { FAULT_FILTER, readFault } from './fault.ts'
import { ROUTE_FIELDS } from './fields/route-fields.ts'
import { type HeaderLevel, readMutation } from './header-mutation.ts'
import { ownOf } from '../own/metadata.ts'
import { readOrigin } from '../own/origin.ts'
import { readOwnRoute } from '../own/route.ts'
import { Reading } from './reading.ts'
import type { FilterFaults, RouteEntry, RouteHost, RouteResource } from './resources.ts'
import { type Piecewise, whole } from '../piecewise.ts'
import { takeApart } from './pieces.ts'
import { readAction, readMirror } from './route-action.ts'
import { readRouteMatch } from './route-match.ts'
import { readRetry } from './retry.ts'
import { messageName, unpack } from './unpack.ts'

export function readRouteConfig(reading: Reading, config: RouteConfiguration): RouteResource {
  return whole(read(reading, config, config.virtualHosts))
}

/** @throws when the bytes are no route configuration. */
export function* readRouteConfigBytes(reading: Reading, bytes: Uint8Array): Piecewise<RouteResource> {
  const pieces = takeApart(bytes, 2)
  return yield* read(reading, RouteConfiguration.decode(pieces.rest), pieces.decoded(VirtualHost))
}

/** This mesh's own control plane says it for other clients: beside the listener, or in the routes for all ports. */
function isElsewhere({ metadata }: VirtualHost): boolean {
  const own = ownOf(metadata)
  return own?.['strangers'] === true || own?.['elsewhere'] === true
}

function* read(reading: Reading, config: RouteConfiguration, said: Iterable<VirtualHost>): Piecewise<RouteResource> {
  const plugins = definedPlugins(reading, config)
  reading.tell('', config, ROUTE_FIELDS.RouteConfiguration)
  const faults = readOverrides(reading, 'typed_per_filter_config', config.typedPerFilterConfig)
  const hosts: RouteHost[] = []
  for (const host of said) {
    checkPlugins(reading, host, plugins)
    if (isElsewhere(host)) continue
    hosts.push(readHost(reading, `virtual_hosts[${hosts.length}]`, config, host, faults))
    yield
  }
  return { name: config.name, notes: reading.notes, hosts }
}

function readHost(
  reading: Reading,
  path: string,
  config: RouteConfiguration,
  host: VirtualHost,
  above: FilterFaults,
): RouteHost {
  if (host.domains.length === 0) reading.refuse(`${path}.domains`, 'a virtual host without domains')
  reading.tell(path, host, ROUTE_FIELDS.VirtualHost)
  const faults = new Map([
    ...above,
    ...readOverrides(reading, `${path}.typed_per_filter_config`, host.typedPerFilterConfig),
  ])
  // refused even when every route has its own
  const unused = new Reading(reading.options)
  readRetry(unused, `${path}.retry_policy`, host.retryPolicy)
  reading.errors.push(...unused.errors)
  const routes = host.routes.flatMap((route, n) =>
    readRoute(reading, `${path}.routes[${n}]`, config, host, route, faults),
  )
  const domains = host.domains.map((domain) => domain.toLowerCase())
  return { name: host.name, domains, routes, origin: readOrigin(ownOf(host.metadata)) }
}

function readRoute(
  reading: Reading,
  path: string,
  config: RouteConfiguration,
  host: VirtualHost,
  wire: WireRoute,
  above: FilterFaults,
): RouteEntry[] {
  reading.tell(path, wire, ROUTE_FIELDS.Route)
  const match = readRouteMatch(reading, `${path}.match`, wire.match)
  const action = readAction(reading, path, inherit(wire, host))
  const levels = config.mostSpecificHeaderMutationsWins ? [config, host, wire] : [wire, host, config]
  const requestHeaders = readMutation(reading, `${path}.request_headers`, levels.map(requestLevel))
  const responseHeaders = readMutation(reading, `${path}.response_headers`, levels.map(responseLevel))
  const faults = new Map([
    ...above,
    ...readOverrides(reading, `${path}.typed_per_filter_config`, wire.typedPerFilterConfig),
  ])
  if (match === undefined || action === undefined) return []
  const mirrors = readInheritedMirrors(reading, path, config, host, wire)
  const route: Route = {
    name: wire.name,
    match,
    action: {
      ...action,
      ...(requestHeaders === undefined || action.kind !== 'forward' ? {} : { requestHeaders }),
      ...(responseHeaders === undefined ? {} : { responseHeaders }),
      ...(action.kind === 'forward' && action.mirrors.length === 0 ? { mirrors } : {}),
    },
    ...(wire.statPrefix === '' ? {} : { statPrefix: wire.statPrefix }),
    origin: originOf(reading, config, path),
    origins: {},
  }
  const clusterFaults = readClusterFaults(reading, path, wire)
  return [{ route: readOwnRoute(ownOf(wire.metadata), route), faults, clusterFaults, saysDuration: saysDuration(wire) }]
}

/** In the order of the split, which leaves out clusters of weight 0; empty where none says anything. */
function readClusterFaults(reading: Reading, path: string, { action }: WireRoute): FilterFaults[] {
  const specifier = action?.$case === 'route' ? action.value.clusterSpecifier : undefined
  if (specifier?.$case !== 'weightedClusters') return []
  const faults = specifier.value.clusters.flatMap(({ weight, typedPerFilterConfig }, n) =>
    (weight ?? 0) === 0
      ? []
      : [readOverrides(reading, `${path}.route.weighted_clusters.clusters[${n}]`, typedPerFilterConfig)],
  )
  return faults.some(({ size }) => size > 0) ? faults : []
}

function saysDuration({ action }: WireRoute): boolean {
  const said = action?.$case === 'route' ? action.value.maxStreamDuration : undefined
  return said?.maxStreamDuration !== undefined || said?.grpcTimeoutHeaderMax !== undefined
}

/** A route's policies for retries and hedging take the place of its virtual host's, whole. */
function inherit(wire: WireRoute, host: VirtualHost): WireRoute {
  const { action } = wire
  if (action?.$case !== 'route' || (host.retryPolicy === undefined && host.hedgePolicy === undefined)) return wire
  const { retryPolicy = host.retryPolicy, hedgePolicy = host.hedgePolicy } = action.value
  return { ...wire, action: { $case: 'route', value: { ...action.value, retryPolicy, hedgePolicy } } }
}

function readInheritedMirrors(
  reading: Reading,
  path: string,
  config: RouteConfiguration,
  host: VirtualHost,
  wire: WireRoute,
): ReturnType<typeof readMirror> {
  if (wire.action?.$case !== 'route' || wire.action.value.requestMirrorPolicies.length > 0) return []
  const said = host.requestMirrorPolicies.length > 0 ? host.requestMirrorPolicies : config.requestMirrorPolicies
  return said.flatMap((each) => readMirror(reading, `${path}.request_mirror_policies`, each))
}

function requestLevel(level: {
  readonly requestHeadersToAdd: HeaderLevel['toAdd']
  readonly requestHeadersToRemove: HeaderLevel['toRemove']
}): HeaderLevel {
  return { toAdd: level.requestHeadersToAdd, toRemove: level.requestHeadersToRemove }
}

function responseLevel(level: {
  readonly responseHeadersToAdd: HeaderLevel['toAdd']
  readonly responseHeadersToRemove: HeaderLevel['toRemove']
}): HeaderLevel {
  return { toAdd: level.responseHeadersToAdd, toRemove: level.responseHeadersToRemove }
}

/** What a route or a host says for single filters; only the fault filter's is looked into. */
function readOverrides(reading: Reading, path: string, said: Readonly<Record<string, Any>>): FilterFaults {
  const faults = new Map<string, FaultPolicy | undefined>()
  for (const [name, any] of Object.entries(said)) {
    const at = `${path}[${name}]`
    const wrapped =
      messageName(any) === 'envoy.config.route.v3.FilterConfig' ? unpack(reading, at, FilterConfig, any) : undefined
    const config = wrapped === undefined ? any : wrapped.config
    if (config !== undefined && messageName(config) === FAULT_FILTER) {
      faults.set(name, wrapped?.disabled === true ? undefined : readFault(reading, at, config))
    } else if (reading.options.dialect === 'api' && wrapped?.isOptional !== true) {
      reading.refuse(at, `an override of an unknown filter (${messageName(config)})`)
    } else reading.note(at, `${messageName(config)} is not applied`)
  }
  return faults
}

function definedPlugins(reading: Reading, { clusterSpecifierPlugins }: RouteConfiguration): Set<string | undefined> {
  for (const { extension, isOptional } of clusterSpecifierPlugins) {
    if (!isOptional) reading.refuse('cluster_specifier_plugins', `"${extension?.name ?? ''}" is not known`)
  }
  return new Set(clusterSpecifierPlugins.map(({ extension }) => extension?.name))
}

function checkPlugins(reading: Reading, host: VirtualHost, defined: ReadonlySet<string | undefined>): void {
  for (const { action } of host.routes) {
    const specifier = action?.$case === 'route' ? action.value.clusterSpecifier : undefined
    if (specifier?.$case === 'clusterSpecifierPlugin' && !defined.has(specifier.value)) {
      reading.refuse('cluster_specifier_plugins', `"${specifier.value}" is used and not defined`)
    }
  }
}

function originOf(reading: Reading, config: RouteConfiguration, path: string): Origin {
  return { resource: `RouteConfiguration ${config.name}`, path, source: reading.options.source }
}
