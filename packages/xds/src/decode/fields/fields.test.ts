// Every field of every message is read, or told where it is set, or has no part in calls. XDS-FIELDS.md is made of this.
import { describe, expect, test } from 'vitest'
import { CircuitBreakers, CircuitBreakers_Thresholds } from '../../generated/envoy/config/cluster/v3/circuit_breaker.ts'
import {
  Cluster,
  Cluster_CommonLbConfig,
  Cluster_OriginalDstLbConfig,
  UpstreamConnectionOptions,
} from '../../generated/envoy/config/cluster/v3/cluster.ts'
import { OutlierDetection } from '../../generated/envoy/config/cluster/v3/outlier_detection.ts'
import {
  HealthCheck,
  HealthCheck_GrpcHealthCheck,
  HealthCheck_HttpHealthCheck,
  HealthCheck_TcpHealthCheck,
} from '../../generated/envoy/config/core/v3/health_check.ts'
import {
  Http1ProtocolOptions,
  Http2ProtocolOptions,
  HttpProtocolOptions,
} from '../../generated/envoy/config/core/v3/protocol.ts'
import {
  ClusterLoadAssignment,
  ClusterLoadAssignment_Policy,
} from '../../generated/envoy/config/endpoint/v3/endpoint.ts'
import { Endpoint, Endpoint_HealthCheckConfig } from '../../generated/envoy/config/endpoint/v3/endpoint_components.ts'
import { RouteConfiguration } from '../../generated/envoy/config/route/v3/route.ts'
import {
  HedgePolicy,
  RetryPolicy,
  Route,
  RouteAction,
  RouteAction_MaxStreamDuration,
  VirtualHost,
  WeightedCluster,
  WeightedCluster_ClusterWeight,
} from '../../generated/envoy/config/route/v3/route_components.ts'
import { HTTPFault } from '../../generated/envoy/extensions/filters/http/fault/v3/fault.ts'
import { HttpConnectionManager } from '../../generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.ts'
import { CertificateValidationContext } from '../../generated/envoy/extensions/transport_sockets/tls/v3/common.ts'
import { CommonTlsContext, UpstreamTlsContext } from '../../generated/envoy/extensions/transport_sockets/tls/v3/tls.ts'
import { HttpProtocolOptions as UpstreamOptions } from '../../generated/envoy/extensions/upstreams/http/v3/http_protocol_options.ts'
import type { Any } from '../../generated/google/protobuf/any.ts'
import { whole } from '../../piecewise.ts'
import type { Kind } from '../../stream/kinds.ts'
import { createDecoder } from '../decoder.ts'
import {
  ads,
  any,
  assignment,
  cluster,
  endpoint,
  group,
  optionsFor,
  route,
  routeConfig,
  routerFilter,
  socket,
  socketListener,
  toCluster,
} from '../messages.suite.ts'
import { CLUSTER_FIELDS } from './cluster-fields.ts'
import { CONNECTION_FIELDS } from './connection-fields.ts'
import { ENDPOINT_FIELDS } from './endpoint-fields.ts'
import { isSet, type Treatment, wireName } from './fields.ts'
import { LISTENER_FIELDS } from './listener-fields.ts'
import { RETRY_FIELDS } from './retry-fields.ts'
import { ROUTE_FIELDS } from './route-fields.ts'

type Table = Readonly<Record<string, Treatment>>

const tables: Readonly<Record<string, Readonly<Record<string, Table>>>> = {
  Listener: LISTENER_FIELDS,
  RouteConfiguration: { ...ROUTE_FIELDS, ...RETRY_FIELDS },
  Cluster: { ...CLUSTER_FIELDS, ...CONNECTION_FIELDS },
  ClusterLoadAssignment: ENDPOINT_FIELDS,
}

interface Codec {
  decode(bytes: Uint8Array): object
  encode(message: never): { finish(): Uint8Array }
  fromPartial(partial: object): object
}

/** Where a message stands in a resource that is otherwise accepted. */
interface Place {
  readonly table: Table
  readonly codec: Codec
  readonly kind: Kind
  readonly within: (message: object) => Any
}

const typed = (name: string, codec: Codec, message: object): Any => any(name, codec as never, message)
const hosts = (host: object): object[] => [{ name: 'h', domains: ['*'], routes: [route(toCluster('a'))], ...host }]
const inAction = (more: object): Any => routeConfig('r', hosts({ routes: [route({ ...toCluster('a'), ...more })] }))
const weighted = (value: object): Any =>
  routeConfig('r', hosts({ routes: [route({ clusterSpecifier: { $case: 'weightedClusters', value } })] }))
const fault = (message: object): Any => typed('envoy.extensions.filters.http.fault.v3.HTTPFault', HTTPFault, message)
const check = {
  timeout: { seconds: 1, nanos: 0 },
  interval: { seconds: 1, nanos: 0 },
  healthChecker: { $case: 'httpHealthCheck', value: { path: '/' } },
}
const checker = ($case: string) => (value: object) =>
  cluster('a', { healthChecks: [{ ...check, healthChecker: { $case, value } }] })
const upstreamName = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'
const upstream = (message: object): Any =>
  cluster('a', { typedExtensionProtocolOptions: { [upstreamName]: typed(upstreamName, UpstreamOptions, message) } })
const explicit = ($case: string) => (value: object) =>
  upstream({
    upstreamProtocolOptions: { $case: 'explicitHttpConfig', value: { protocolConfig: { $case, value } } },
  })
const tls = (context: object): Any =>
  cluster('a', {
    transportSocket: {
      name: 'tls',
      configType: {
        $case: 'typedConfig',
        value: typed('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', UpstreamTlsContext, context),
      },
    },
  })
const validated = (value: object): object => ({ validationContextType: { $case: 'validationContext', value } })
const roots = { trustedCa: { specifier: { $case: 'filename', value: '/ca.pem' } } }
const rds = {
  routeSpecifier: {
    $case: 'rds',
    value: { configSource: ads, routeConfigName: 'r' },
  },
}
const eds = { clusterDiscoveryType: { $case: 'type', value: 3 }, edsClusterConfig: { edsConfig: ads } }
const address = { address: socket('127.0.0.1', 1) }
const atEndpoint = (value: object): Any =>
  assignment('a', [group([], { lbEndpoints: [endpoint(1, { hostIdentifier: { $case: 'endpoint', value } })] })])

const places: Readonly<Record<string, Place>> = {
  HttpConnectionManager: {
    table: LISTENER_FIELDS.HttpConnectionManager,
    codec: HttpConnectionManager,
    kind: 'listener',
    within: (message) => socketListener('l', 80, { ...message, httpFilters: [routerFilter], ...rds }),
  },
  HTTPFault: {
    table: LISTENER_FIELDS.HTTPFault,
    codec: HTTPFault,
    kind: 'route',
    within: (message) => routeConfig('r', hosts({ typedPerFilterConfig: { fault: fault(message) } })),
  },
  RouteConfiguration: {
    table: ROUTE_FIELDS.RouteConfiguration,
    codec: RouteConfiguration,
    kind: 'route',
    within: (message) => routeConfig('r', hosts({}), { ...message, name: 'r', virtualHosts: hosts({}) }),
  },
  VirtualHost: {
    table: ROUTE_FIELDS.VirtualHost,
    codec: VirtualHost,
    kind: 'route',
    within: (message) => routeConfig('r', [{ ...message, ...hosts({})[0] }]),
  },
  Route: {
    table: ROUTE_FIELDS.Route,
    codec: Route,
    kind: 'route',
    within: (message) => routeConfig('r', hosts({ routes: [{ ...message, ...route(toCluster('a')) }] })),
  },
  RouteAction: {
    table: ROUTE_FIELDS.RouteAction,
    codec: RouteAction,
    kind: 'route',
    within: (message) => inAction({ ...message, ...toCluster('a') }),
  },
  WeightedCluster: {
    table: ROUTE_FIELDS.WeightedCluster,
    codec: WeightedCluster,
    kind: 'route',
    within: (message) => weighted({ ...message, clusters: [{ name: 'a', weight: 1 }] }),
  },
  ClusterWeight: {
    table: ROUTE_FIELDS.ClusterWeight,
    codec: WeightedCluster_ClusterWeight,
    kind: 'route',
    within: (message) => weighted({ clusters: [{ ...message, name: 'a', weight: 1 }] }),
  },
  MaxStreamDuration: {
    table: ROUTE_FIELDS.MaxStreamDuration,
    codec: RouteAction_MaxStreamDuration,
    kind: 'route',
    within: (maxStreamDuration) => inAction({ maxStreamDuration }),
  },
  HedgePolicy: {
    table: ROUTE_FIELDS.HedgePolicy,
    codec: HedgePolicy,
    kind: 'route',
    within: (hedgePolicy) => inAction({ hedgePolicy }),
  },
  RetryPolicy: {
    table: RETRY_FIELDS.RetryPolicy,
    codec: RetryPolicy,
    kind: 'route',
    within: (retryPolicy) => inAction({ retryPolicy }),
  },
  Cluster: {
    table: CLUSTER_FIELDS.Cluster,
    codec: Cluster,
    kind: 'cluster',
    within: (message) => cluster('a', { ...message, name: 'a', ...eds }),
  },
  CommonLbConfig: {
    table: CLUSTER_FIELDS.CommonLbConfig,
    codec: Cluster_CommonLbConfig,
    kind: 'cluster',
    within: (commonLbConfig) => cluster('a', { commonLbConfig }),
  },
  OriginalDstLbConfig: {
    table: CLUSTER_FIELDS.OriginalDstLbConfig,
    codec: Cluster_OriginalDstLbConfig,
    kind: 'cluster',
    within: (value) =>
      cluster('a', {
        clusterDiscoveryType: { $case: 'type', value: 4 },
        lbPolicy: 6,
        lbConfig: { $case: 'originalDstLbConfig', value },
      }),
  },
  UpstreamConnectionOptions: {
    table: CLUSTER_FIELDS.UpstreamConnectionOptions,
    codec: UpstreamConnectionOptions,
    kind: 'cluster',
    within: (upstreamConnectionOptions) => cluster('a', { upstreamConnectionOptions }),
  },
  CircuitBreakers: {
    table: CLUSTER_FIELDS.CircuitBreakers,
    codec: CircuitBreakers,
    kind: 'cluster',
    within: (circuitBreakers) => cluster('a', { circuitBreakers }),
  },
  Thresholds: {
    table: CLUSTER_FIELDS.Thresholds,
    codec: CircuitBreakers_Thresholds,
    kind: 'cluster',
    within: (message) => cluster('a', { circuitBreakers: { thresholds: [message] } }),
  },
  OutlierDetection: {
    table: CLUSTER_FIELDS.OutlierDetection,
    codec: OutlierDetection,
    kind: 'cluster',
    within: (outlierDetection) => cluster('a', { outlierDetection }),
  },
  HealthCheck: {
    table: CONNECTION_FIELDS.HealthCheck,
    codec: HealthCheck,
    kind: 'cluster',
    within: (message) => cluster('a', { healthChecks: [{ ...message, ...check }] }),
  },
  HttpHealthCheck: {
    table: CONNECTION_FIELDS.HttpHealthCheck,
    codec: HealthCheck_HttpHealthCheck,
    kind: 'cluster',
    within: (message) => checker('httpHealthCheck')({ ...message, path: '/' }),
  },
  TcpHealthCheck: {
    table: CONNECTION_FIELDS.TcpHealthCheck,
    codec: HealthCheck_TcpHealthCheck,
    kind: 'cluster',
    within: checker('tcpHealthCheck'),
  },
  GrpcHealthCheck: {
    table: CONNECTION_FIELDS.GrpcHealthCheck,
    codec: HealthCheck_GrpcHealthCheck,
    kind: 'cluster',
    within: checker('grpcHealthCheck'),
  },
  HttpProtocolOptions: {
    table: CONNECTION_FIELDS.HttpProtocolOptions,
    codec: HttpProtocolOptions,
    kind: 'cluster',
    within: (commonHttpProtocolOptions) => upstream({ commonHttpProtocolOptions }),
  },
  Http1ProtocolOptions: {
    table: CONNECTION_FIELDS.Http1ProtocolOptions,
    codec: Http1ProtocolOptions,
    kind: 'cluster',
    within: explicit('httpProtocolOptions'),
  },
  Http2ProtocolOptions: {
    table: CONNECTION_FIELDS.Http2ProtocolOptions,
    codec: Http2ProtocolOptions,
    kind: 'cluster',
    within: explicit('http2ProtocolOptions'),
  },
  UpstreamHttpProtocolOptions: {
    table: CONNECTION_FIELDS.UpstreamHttpProtocolOptions,
    codec: UpstreamOptions,
    kind: 'cluster',
    within: upstream,
  },
  UpstreamTlsContext: {
    table: CONNECTION_FIELDS.UpstreamTlsContext,
    codec: UpstreamTlsContext,
    kind: 'cluster',
    within: (message) => tls({ ...message, commonTlsContext: validated(roots) }),
  },
  CommonTlsContext: {
    table: CONNECTION_FIELDS.CommonTlsContext,
    codec: CommonTlsContext,
    kind: 'cluster',
    within: (message) => tls({ commonTlsContext: { ...message, ...validated(roots) } }),
  },
  CertificateValidationContext: {
    table: CONNECTION_FIELDS.CertificateValidationContext,
    codec: CertificateValidationContext,
    kind: 'cluster',
    within: (message) => tls({ commonTlsContext: validated({ ...message, ...roots }) }),
  },
  ClusterLoadAssignment: {
    table: ENDPOINT_FIELDS.ClusterLoadAssignment,
    codec: ClusterLoadAssignment,
    kind: 'endpoints',
    within: (message) => assignment('a', [], { ...message, clusterName: 'a', endpoints: [] }),
  },
  ClusterLoadAssignmentPolicy: {
    table: ENDPOINT_FIELDS.ClusterLoadAssignmentPolicy,
    codec: ClusterLoadAssignment_Policy,
    kind: 'endpoints',
    within: (policy) => assignment('a', [], { policy }),
  },
  Endpoint: {
    table: ENDPOINT_FIELDS.Endpoint,
    codec: Endpoint,
    kind: 'endpoints',
    within: (message) => atEndpoint({ ...message, ...address }),
  },
  EndpointHealthCheckConfig: {
    table: ENDPOINT_FIELDS.EndpointHealthCheckConfig,
    codec: Endpoint_HealthCheckConfig,
    kind: 'endpoints',
    within: (healthCheckConfig) => atEndpoint({ ...address, healthCheckConfig }),
  },
}

/** Knows how to be any message that is set. */
const rich = { seconds: 1, nanos: 0, value: 1, name: 'x', key: 'x', path: 'x', numerator: 1, percent: 1, address: 'x' }
const candidates: readonly unknown[] = [
  { $case: 'headerName', value: 'x' },
  rich,
  [rich],
  ['x'],
  { x: rich },
  1,
  true,
  'x',
  [1],
]

/** The message with one field set to something, whatever its type is. */
function withField(codec: Codec, name: string): object | undefined {
  for (const candidate of candidates) {
    try {
      const message = codec.fromPartial({ [name]: candidate })
      const decoded = codec.decode(codec.encode(message as never).finish())
      if (isSet(decoded[name as keyof typeof decoded])) return decoded
    } catch {
      // not of this type
    }
  }
  return undefined
}

const decode = createDecoder(optionsFor('sidecar'))

function notesOf({ kind, within }: Place, message: object): readonly string[] {
  const decoded = whole(decode(kind, within(message)))
  if (!decoded.ok) throw new Error(decoded.error)
  return (decoded.value as { notes: readonly string[] }).notes
}

const fieldsOf = (treatment: Treatment): [string, string][] =>
  Object.entries(places).flatMap(([message, { table }]) =>
    Object.entries(table).flatMap(([field, said]): [string, string][] =>
      said === treatment ? [[message, field]] : [],
    ),
  )

describe('a field that is not applied', () => {
  test.each(fieldsOf('told'))('%s.%s is told where it is set, and not where it is not', (name, field) => {
    const place = places[name]!
    const message = withField(place.codec, field)
    expect(message, 'no value for it').toBeDefined()
    const said = (notes: readonly string[]): boolean =>
      notes.some((note) => note.includes(`${wireName(field)}: is not applied`))
    expect(said(notesOf(place, message ?? {}))).toBe(true)
    expect(notesOf(place, place.codec.fromPartial({}))).toEqual([])
  })
})

describe('a field that has no part in calls', () => {
  test.each(fieldsOf('none'))('%s.%s is not told', (name, field) => {
    const place = places[name]!
    const message = withField(place.codec, field)
    if (message !== undefined) expect(notesOf(place, message)).toEqual([])
  })
})

test('every message with something to tell has its place', () => {
  const telling = Object.values(tables).flatMap((each) =>
    Object.entries(each).flatMap(([name, table]) => (Object.values(table).includes('told') ? [name] : [])),
  )
  expect(telling.filter((name) => places[name] === undefined)).toEqual([])
})

test('XDS-FIELDS.md has every field', async () => {
  const lines = [
    '# Fields of xDS resources',
    '',
    'What the client makes of every field of the messages it looks into; of fields that newer servers send nothing is known.',
    '`applied` fields may still be refused (NACK) by their rules, or be told where a value is not applied. `told` ones are reported',
    'where they are set, once for all resources of their kind (`XDS_NOT_APPLIED`). No call depends on the others.',
    "Istio's own documents (`dialect: documents`) are read field by field as files are; what is newer than the client is told there.",
    'Written by `npx vitest run packages/xds/src/decode/fields -u`.',
    '',
  ]
  for (const [resource, messages] of Object.entries(tables)) {
    lines.push(`## ${resource}`, '', '| message | applied | told | no part in calls |', '|---|---|---|---|')
    for (const [name, table] of Object.entries(messages)) {
      const of = (treatment: Treatment): string =>
        Object.entries(table)
          .flatMap(([field, said]) => (said === treatment ? [`\`${wireName(field)}\``] : []))
          .join(', ')
      lines.push(`| ${name} | ${of('read')} | ${of('told')} | ${of('none')} |`)
    }
    lines.push('')
  }
  await expect(lines.join('\n')).toMatchFileSnapshot('../../../../../XDS-FIELDS.md')
})
