// MeshConfigs -> one static bootstrap: a listener for each request port of each configuration, all on loopback.
// Plain data. Cluster names must differ between the configurations.
import type { MeshConfig, PathNormalization } from '@proxyless/core/spi'
import { clusterOf } from './clusters.ts'
import { routesOf } from './routes.ts'
import { any, type Json, typed } from './values.ts'

export interface Listening {
  /** Unique. */
  readonly name: string
  readonly config: MeshConfig
  /** What the requests' URLs say. */
  readonly port: number
  /** Obey `x-envoy-*` control headers of callers. */
  readonly trusting: boolean
}

export function bootstrapOf(listening: readonly Listening[], accessLog: string): Json {
  const configs = [...new Set(listening.map(({ config }) => config))]
  const clusters = configs.flatMap(({ clusters: own }) => [...own.values()].map(clusterOf))
  return {
    admin: { address: anyPort },
    static_resources: {
      listeners: listening.map((each) => listenerOf(each, accessLog)),
      clusters: clusters.filter((cluster) => cluster !== undefined),
    },
  }
}

const anyPort = { socket_address: { address: '127.0.0.1', port_value: 0 } }
const hcm = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'

function listenerOf({ name, config, port, trusting }: Listening, accessLog: string): Json {
  const manager = any(hcm, {
    stat_prefix: name,
    route_config: routesOf(config, port),
    http_filters: [
      typed('envoy.filters.http.fault', 'envoy.extensions.filters.http.fault.v3.HTTPFault'),
      typed('envoy.filters.http.router', 'envoy.extensions.filters.http.router.v3.Router'),
    ],
    ...pathsOf(config.pathNormalization),
    http_protocol_options: { enable_trailers: true },
    common_http_protocol_options: { idle_timeout: '300s' },
    server_header_transformation: 'PASS_THROUGH',
    preserve_external_request_id: true,
    stream_idle_timeout: '0s',
    upgrade_configs: [{ upgrade_type: 'websocket' }],
    access_log: [accessLogOf(accessLog)],
    ...(trusting && {
      use_remote_address: true,
      skip_xff_append: true,
      internal_address_config: { cidr_ranges: [{ address_prefix: '127.0.0.0', prefix_len: 8 }] },
    }),
    ...(port === 443 && { scheme_header_transformation: { scheme_to_overwrite: 'https' } }),
  })
  const filters = [{ name: 'http', typed_config: manager }]
  return { name, address: anyPort, filter_chains: [{ filters }] }
}

/** As istiod spells `pathNormalization`. */
function pathsOf(mode: PathNormalization): Json {
  return {
    normalize_path: mode !== 'none',
    merge_slashes: mode === 'mergeSlashes' || mode === 'decodeAndMergeSlashes',
    path_with_escaped_slashes_action: mode === 'decodeAndMergeSlashes' ? 'UNESCAPE_AND_FORWARD' : 'KEEP_UNCHANGED',
  }
}

/** What Envoy writes where no format is said; its documentation, "Default format string". */
const defaultFormat =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% ' +
  '%BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" ' +
  '"%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%"'

/** One line per request: who it was, and what became of it. */
function accessLogOf(path: string): Json {
  return typed('file', 'envoy.extensions.access_loggers.file.v3.FileAccessLog', {
    path,
    log_format: {
      text_format_source: {
        inline_string: `%REQ(X-CASE)%\t%RESPONSE_FLAGS%\t%RESPONSE_CODE_DETAILS%\t${defaultFormat}\n`,
      },
    },
  })
}
