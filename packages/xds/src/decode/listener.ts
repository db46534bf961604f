// Listener: where a client finds the routes for what it calls. Both dialects: an api_listener, and HTTP inside filter chains.
import type { FaultPolicy, PathNormalization } from '@proxyless/core/spi'
import type { ConfigSource } from '../generated/envoy/config/core/v3/config_source.ts'
import type { Listener } from '../generated/envoy/config/listener/v3/listener.ts'
import {
  HttpConnectionManager,
  type HttpFilter,
} from '../generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts'
import type { Any } from '../generated/google/protobuf/any.ts'
import { type Own, ownOf } from '../own/metadata.ts'
import { readUnknownHosts } from '../own/unknown-hosts.ts'
import { FAULT_FILTER, readFault } from './fault.ts'
import { LISTENER_FIELDS } from './fields/listener-fields.ts'
import type { Reading } from './reading.ts'
import type { HttpListener, ListenerResource } from './resources.ts'
import { readRouteConfig } from './route-config.ts'
import { messageName, unpack } from './unpack.ts'

const managerName = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'
const ROUTER = 'envoy.extensions.filters.http.router.v3.Router'
const outbound = 2
const inbound = 1

export function readListener(reading: Reading, listener: Listener): ListenerResource {
  const api = listener.apiListener?.apiListener
  const http = api === undefined ? readSocket(reading, listener) : readApi(reading, api, ownOf(listener.metadata))
  return { name: listener.name, notes: reading.notes, http }
}

function readApi(reading: Reading, any: Any, own: Own | undefined): HttpListener | undefined {
  if (messageName(any) !== managerName) {
    reading.refuse('api_listener', `${messageName(any)} instead of an HttpConnectionManager`)
    return undefined
  }
  const manager = unpack(reading, 'api_listener', HttpConnectionManager, any)
  return manager === undefined ? undefined : readManager(reading, 'api_listener', manager, undefined, own)
}

/** The first HTTP among the chains; a listener for servers, or without HTTP, is none of ours. */
function readSocket(reading: Reading, listener: Listener): HttpListener | undefined {
  if (listener.trafficDirection === inbound) return undefined
  if (reading.options.dialect === 'api' && listener.trafficDirection !== outbound) {
    reading.refuse('api_listener', 'is missing')
    return undefined
  }
  const chains = [
    ...listener.filterChains,
    ...(listener.defaultFilterChain === undefined ? [] : [listener.defaultFilterChain]),
  ]
  const address = listener.address?.address
  // what is redirected here may have been meant for any port
  const port =
    listener.useOriginalDst !== true &&
    address?.$case === 'socketAddress' &&
    address.value.portSpecifier?.$case === 'portValue'
      ? address.value.portSpecifier.value
      : undefined
  for (const [n, { filters }] of chains.entries()) {
    const any = filters.map(({ configType }) => (configType?.$case === 'typedConfig' ? configType.value : undefined))
    const found = any.find((each) => messageName(each) === managerName)
    if (found === undefined) continue
    const manager = unpack(reading, `filter_chains[${n}]`, HttpConnectionManager, found)
    return manager && readManager(reading, `filter_chains[${n}]`, manager, port, ownOf(listener.metadata))
  }
  return undefined
}

function readManager(
  reading: Reading,
  path: string,
  manager: HttpConnectionManager,
  port: number | undefined,
  own: Own | undefined,
): HttpListener | undefined {
  if (reading.options.dialect === 'api') {
    if (manager.xffNumTrustedHops !== 0) reading.refuse(`${path}.xff_num_trusted_hops`, 'must be 0')
    if (manager.originalIpDetectionExtensions.length > 0) {
      reading.refuse(`${path}.original_ip_detection_extensions`, 'must be empty')
    }
  }
  reading.tell(path, manager, LISTENER_FIELDS.HttpConnectionManager)
  const routes = readRoutes(reading, path, manager)
  const faults = readFilters(reading, `${path}.http_filters`, manager.httpFilters)
  if (routes === undefined) return undefined
  const maxStream = manager.commonHttpProtocolOptions?.maxStreamDuration
  const maxStreamMs = reading.milliseconds(`${path}.common_http_protocol_options`, maxStream) ?? 0
  return {
    port,
    routes,
    faults,
    maxStreamMs,
    pathNormalization: normalizationOf(manager),
    unknownHosts: readUnknownHosts(own),
  }
}

function readRoutes(
  reading: Reading,
  path: string,
  manager: HttpConnectionManager,
): HttpListener['routes'] | undefined {
  const said = manager.routeSpecifier
  switch (said?.$case) {
    case 'rds':
      if (!isAggregated(said.value.configSource)) reading.refuse(`${path}.rds.config_source`, 'is neither ads nor self')
      if (said.value.routeConfigName === '') reading.refuse(`${path}.rds.route_config_name`, 'is empty')
      return { named: said.value.routeConfigName }
    case 'routeConfig':
      return { inline: readRouteConfig(reading, said.value) }
    case 'scopedRoutes':
    case undefined:
      reading.refuse(`${path}.route_specifier`, 'neither rds nor route_config')
      return undefined
  }
}

export function isAggregated(source: ConfigSource | undefined): boolean {
  const kind = source?.configSourceSpecifier?.$case
  return kind === 'ads' || kind === 'self'
}

/** gRPC's rules (A39) for api_listeners; a sidecar's chain holds filters for servers and for observing, which are only told. */
function readFilters(
  reading: Reading,
  path: string,
  filters: readonly HttpFilter[],
): ReadonlyMap<string, FaultPolicy | undefined> {
  const faults = new Map<string, FaultPolicy | undefined>()
  const strict = reading.options.dialect === 'api'
  const names = new Set<string>()
  if (strict && filters.length === 0) reading.refuse(path, 'is empty')
  filters.forEach((filter, n) => {
    const at = `${path}[${n}]`
    const config = filter.configType?.$case === 'typedConfig' ? filter.configType.value : undefined
    const type = messageName(config)
    if (names.has(filter.name)) reading.refuse(at, `the name "${filter.name}" appears twice`)
    names.add(filter.name)
    const isLast = n === filters.length - 1
    if (type === ROUTER) {
      if (strict && !isLast) reading.refuse(at, 'the router is not last')
      return
    }
    if (strict && isLast) reading.refuse(at, 'the last filter is not the router')
    if (filter.disabled) return
    if (type === FAULT_FILTER && config !== undefined) faults.set(filter.name, readFault(reading, at, config))
    else if (!filter.isOptional && (strict || !isKnown(type))) {
      reading.refuse(at, `the filter "${filter.name}" is unknown (${type})`)
    } else reading.note(at, `the filter "${filter.name}" is not applied`)
  })
  return faults
}

/** Envoy's and Istio's own, and what is written for a Wasm or Lua engine: none of them is for clients. */
function isKnown(type: string): boolean {
  return /^(envoy|istio|io\.istio|stats|(udpa|xds)\.type\.v\d\.TypedStruct$)/.test(type)
}

function normalizationOf(manager: HttpConnectionManager): PathNormalization {
  if (manager.normalizePath !== true) return 'none'
  if (!manager.mergeSlashes) return 'base'
  // UNESCAPE_AND_REDIRECT, UNESCAPE_AND_FORWARD
  return manager.pathWithEscapedSlashesAction >= 3 ? 'decodeAndMergeSlashes' : 'mergeSlashes'
}
