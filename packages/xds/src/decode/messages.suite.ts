// Messages for tests in a few words: a base that every rule accepts, changed where a test wants it.
import { Cluster } from '../generated/envoy/config/cluster/v3/cluster.ts'
import { ClusterLoadAssignment } from '../generated/envoy/config/endpoint/v3/endpoint.ts'
import { Listener } from '../generated/envoy/config/listener/v3/listener.ts'
import { RouteConfiguration } from '../generated/envoy/config/route/v3/route.ts'
import { HttpConnectionManager } from '../generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts'
import type { Any } from '../generated/google/protobuf/any.ts'
import { TYPE_URLS } from '../stream/kinds.ts'
import { testRegex } from './test-regex.suite.ts'
import type { DecodeOptions } from './reading.ts'

type Writer = { finish(): Uint8Array }
interface Codec<T> {
  encode(message: T): Writer
  fromPartial(partial: object): T
}

export const ads = { configSourceSpecifier: { $case: 'ads', value: {} } } as const

export function optionsFor(dialect: DecodeOptions['dialect']): DecodeOptions {
  const files = { caFile: '/ca.pem', certificateFile: '/cert.pem', privateKeyFile: '/key.pem' }
  return { dialect, regex: testRegex, source: 'test:1', trusted: false, certificates: new Map([['default', files]]) }
}

export function any<T>(name: string, codec: Codec<T>, message: object): Any {
  return { typeUrl: `type.googleapis.com/${name}`, value: codec.encode(codec.fromPartial(message)).finish() }
}

export const emptyAny = (name: string): Any => ({ typeUrl: `type.googleapis.com/${name}`, value: new Uint8Array() })

export const routerFilter = {
  name: 'router',
  configType: { $case: 'typedConfig', value: emptyAny('envoy.extensions.filters.http.router.v3.Router') },
} as const

function managerAny(manager: object): Any {
  return any(
    'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    HttpConnectionManager as Codec<HttpConnectionManager>,
    {
      routeSpecifier: { $case: 'rds', value: { configSource: ads, routeConfigName: 'routes' } },
      httpFilters: [routerFilter],
      ...manager,
    },
  )
}

export function apiListener(name: string, manager: object = {}): Any {
  return {
    typeUrl: TYPE_URLS.listener,
    value: Listener.encode(Listener.fromPartial({ name, apiListener: { apiListener: managerAny(manager) } })).finish(),
  }
}

export function listenerOf(message: object): Any {
  return { typeUrl: TYPE_URLS.listener, value: Listener.encode(Listener.fromPartial(message)).finish() }
}

export function socketListener(name: string, port: number, manager: object = {}): Any {
  return listenerOf({
    name,
    address: socket('0.0.0.0', port),
    trafficDirection: 2,
    filterChains: [{ filters: [{ name: 'http', configType: { $case: 'typedConfig', value: managerAny(manager) } }] }],
  })
}

export function routeConfig(name: string, hosts: readonly object[], more: object = {}): Any {
  return {
    typeUrl: TYPE_URLS.route,
    value: RouteConfiguration.encode(
      RouteConfiguration.fromPartial({ name, virtualHosts: hosts as never, ...more }),
    ).finish(),
  }
}

export function route(
  action: object,
  match: object = { pathSpecifier: { $case: 'prefix', value: '/' } },
  more: object = {},
): object {
  return { match, action: { $case: 'route', value: action }, ...more }
}

export const toCluster = (name: string): object => ({ clusterSpecifier: { $case: 'cluster', value: name } })

export function cluster(name: string, more: object = {}): Any {
  const eds = { clusterDiscoveryType: { $case: 'type', value: 3 }, edsClusterConfig: { edsConfig: ads } }
  return {
    typeUrl: TYPE_URLS.cluster,
    value: Cluster.encode(Cluster.fromPartial({ name, ...eds, ...more } as never)).finish(),
  }
}

export function assignment(clusterName: string, groups: readonly object[], more: object = {}): Any {
  return {
    typeUrl: TYPE_URLS.endpoints,
    value: ClusterLoadAssignment.encode(
      ClusterLoadAssignment.fromPartial({ clusterName, endpoints: groups as never, ...more }),
    ).finish(),
  }
}

export function group(ports: readonly number[], more: object = {}): object {
  return {
    locality: { region: 'r', zone: 'z', subZone: '' },
    loadBalancingWeight: 1,
    lbEndpoints: ports.map((port) => endpoint(port)),
    ...more,
  }
}

export function endpoint(port: number, more: object = {}): object {
  return { hostIdentifier: { $case: 'endpoint', value: { address: socket('127.0.0.1', port) } }, ...more }
}

export function socket(address: string, port: number): object {
  return { address: { $case: 'socketAddress', value: { address, portSpecifier: { $case: 'portValue', value: port } } } }
}
