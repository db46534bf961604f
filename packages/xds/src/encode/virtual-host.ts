// Virtual hosts and their routes -> VirtualHost, for one listener's port.
import type { Route, UnknownHosts, VirtualHost } from '@proxyless/core/spi'
import { VirtualHost as Wire } from '../generated/envoy/config/route/v3/route_components.ts'
import { ownMetadata } from '../own/metadata.ts'
import { writeOwnHost, writeOwnRoute } from '../own/route.ts'
import { FAULT_FILTER_NAME } from './http-chain.ts'
import type { EncoderOptions } from './encoder.ts'
import { writeMutations } from './header-mutation.ts'
import { writeAction } from './route-action.ts'
import { writeMatch } from './route-match.ts'
import { writeFault } from './route-policy.ts'
import { duration } from './values.ts'

type WireRoute = NonNullable<Parameters<typeof Wire.fromPartial>[0]['routes']>[number]

export interface Place {
  /** What of the host's domains counts here. */
  readonly domains: readonly string[]
  /** Of the listener; undefined: none has one. */
  readonly port: number | undefined
  readonly dialect: EncoderOptions['dialect']
}

export function writeVirtualHost(host: VirtualHost, place: Place): Wire {
  return Wire.fromPartial({
    name: host.name,
    domains: [...place.domains],
    includeRequestAttemptCount: true,
    routes: host.routes.map((route) => routeOf(route, place)),
    metadata: ownMetadata(writeOwnHost(host, place.port))!,
  })
}

/** What becomes of hosts that nobody claims, for clients that do not read it from the listener. As istiod spells it. */
export function writeStrangers(unknown: UnknownHosts): Wire {
  const cluster = strangersCluster(unknown)
  const name = cluster === undefined ? 'block_all' : 'allow_any'
  return Wire.fromPartial({
    name,
    domains: ['*'],
    includeRequestAttemptCount: true,
    routes: [
      {
        name,
        match: { pathSpecifier: { $case: 'prefix', value: '/' } },
        action:
          cluster === undefined
            ? { $case: 'directResponse', value: { status: 502 } }
            : {
                $case: 'route',
                value: {
                  clusterSpecifier: { $case: 'cluster', value: cluster },
                  timeout: duration(0),
                  maxGrpcTimeout: duration(0),
                },
              },
      },
    ],
    metadata: ownMetadata({ strangers: true })!,
  })
}

/** Undefined: they are refused. */
function strangersCluster(unknown: UnknownHosts): string | undefined {
  if (unknown.kind === 'cluster') return unknown.cluster
  return unknown.kind === 'passthrough' ? 'PassthroughCluster' : undefined
}

function routeOf(route: Route, { port, dialect }: Place): WireRoute {
  const { name, match, action, statPrefix = '' } = route
  const fault = action.kind === 'forward' ? action.fault : undefined
  return {
    name,
    match: writeMatch(match, dialect),
    action: writeAction(action, port, dialect),
    statPrefix,
    ...writeMutations(action),
    ...(fault === undefined ? {} : { typedPerFilterConfig: { [FAULT_FILTER_NAME]: writeFault(fault) } }),
    metadata: ownMetadata(writeOwnRoute(route, dialect))!,
  }
}
