// Listeners: one with a socket per request port, or an api_listener per name.
import type { MeshConfig } from '@proxyless/core/spi'
import { Listener } from '../generated/envoy/config/listener/v3/listener.ts'
import { ownMetadata } from '../own/metadata.ts'
import { writeUnknownHosts } from '../own/unknown-hosts.ts'
import { writeManager } from './http-chain.ts'

type Said = Pick<MeshConfig, 'pathNormalization' | 'unknownHosts'>

const OUTBOUND = 2

/** For the routes of one name, as gRPC asks for `reviews:9080`. */
export function writeApiListener(name: string, routes: string, config: Said): Listener {
  return Listener.fromPartial({
    name,
    apiListener: { apiListener: writeManager(config, routes, 'api') },
    metadata: ownMetadata(writeUnknownHosts(config.unknownHosts))!,
  })
}

/** @param address where it listens */
export function writeSocketListener(name: string, address: string, port: number, config: Said): Listener {
  return Listener.fromPartial({
    ...common(name, String(port), config),
    address: socket(address, port),
  })
}

/** For requests to all other ports. It listens nowhere: connections that were redirected would be handed to it. */
export function writeCatchAllListener(name: string, config: Said): Listener {
  return Listener.fromPartial({
    ...common(name, name, config),
    address: socket('0.0.0.0', 15001),
    bindToPort: false,
    useOriginalDst: true,
  })
}

function common(name: string, routes: string, config: Said): Parameters<typeof Listener.fromPartial>[0] {
  const filter = {
    name: 'envoy.filters.network.http_connection_manager',
    configType: { $case: 'typedConfig', value: writeManager(config, routes, 'sidecar') },
  } as const
  return {
    name,
    trafficDirection: OUTBOUND,
    filterChains: [{ filters: [filter] }],
    metadata: ownMetadata(writeUnknownHosts(config.unknownHosts))!,
  }
}

function socket(address: string, port: number): object {
  return { address: { $case: 'socketAddress', value: { address, portSpecifier: { $case: 'portValue', value: port } } } }
}
