// The HTTP of a listener -> HttpConnectionManager: routes by name, faults, the router.
import type { MeshConfig, PathNormalization } from '@proxyless/core/spi'
import {
  HttpConnectionManager,
  HttpConnectionManager_PathWithEscapedSlashesAction as Slashes,
  HttpConnectionManager_ServerHeaderTransformation as ServerHeader,
} from '../generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts'
import type { Any } from '../generated/google/protobuf/any.ts'
import type { EncoderOptions } from './encoder.ts'
import { ADS, duration, pack, packBytes } from './values.ts'

/** Routes say their faults under this name. */
export const FAULT_FILTER_NAME = 'envoy.filters.http.fault'

export function writeManager(
  config: Pick<MeshConfig, 'pathNormalization'>,
  routes: string,
  dialect: EncoderOptions['dialect'],
): Any {
  const message = HttpConnectionManager.fromPartial({
    statPrefix: `outbound_${routes}`,
    routeSpecifier: { $case: 'rds', value: { configSource: ADS, routeConfigName: routes } },
    httpFilters: [
      filter(FAULT_FILTER_NAME, 'envoy.extensions.filters.http.fault.v3.HTTPFault'),
      filter('envoy.filters.http.router', 'envoy.extensions.filters.http.router.v3.Router'),
    ],
    ...pathsOf(config.pathNormalization),
    ...(dialect === 'sidecar' ? proxying : {}),
  })
  const type = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'
  return pack(type, HttpConnectionManager, message)
}

/** What only a proxy has to be told: it adds nothing, and times out what the routes say alone. */
const proxying = {
  httpProtocolOptions: { enableTrailers: true },
  serverHeaderTransformation: ServerHeader.PASS_THROUGH,
  preserveExternalRequestId: true,
  streamIdleTimeout: duration(0),
  upgradeConfigs: [{ upgradeType: 'websocket' }],
}

/** As istiod spells `pathNormalization`. */
function pathsOf(mode: PathNormalization): Parameters<typeof HttpConnectionManager.fromPartial>[0] {
  return {
    normalizePath: mode !== 'none',
    mergeSlashes: mode === 'mergeSlashes' || mode === 'decodeAndMergeSlashes',
    pathWithEscapedSlashesAction:
      mode === 'decodeAndMergeSlashes' ? Slashes.UNESCAPE_AND_FORWARD : Slashes.KEEP_UNCHANGED,
  }
}

function filter(name: string, type: string): { name: string; configType: { $case: 'typedConfig'; value: Any } } {
  return { name, configType: { $case: 'typedConfig', value: packBytes(type) } }
}
