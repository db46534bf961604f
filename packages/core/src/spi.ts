// What a door touches: contracts, model and the house. Applications use index.ts.
export { Backoff } from './base/backoff.ts'
export { type Clock, type TimerHandle, VirtualClock } from './base/clock.ts'
export type { EventLoop } from './base/event-loop.ts'
export { MeshError, type MeshErrorCode } from './base/error.ts'
export {
  type Distribution,
  type Labels,
  type MetricFamily,
  metricsText,
  metricsType,
  type NumberFamily,
} from './base/exposition.ts'
export type { Expiring } from './base/timeouts.ts'
export { xxHash64 } from './base/hash.ts'
export { below, type Random, SeededRandom } from './base/random.ts'
export { Slices, type Sliced } from './base/slices.ts'
export type { CompiledRegex, RegexEngine } from './base/regex.ts'
export { unmeshed } from './base/unmeshed.ts'
export type { AdaptiveConcurrency, AdaptivePolicy, Hedging, LoopCorrection, Throttling } from './model/adaptive.ts'
export type {
  Aperture,
  CircuitBreakers,
  Cluster,
  ConnectionPool,
  Discovery,
  DropPolicy,
  Endpoint,
  LoadBalancer,
  Locality,
  LocalityBalancing,
  LocalityWeight,
  RetryBudget,
  SlowStart,
  TlsMatch,
  UpstreamProtocol,
  UpstreamTls,
  ZoneAware,
} from './model/cluster.ts'
export type { GrpcHealthCheck, HealthCheck, HttpHealthCheck, TcpHealthCheck } from './model/health-check.ts'
export type { OutlierDetection } from './model/outlier.ts'
export type { MeshConfig, PathNormalization, UnknownHosts } from './model/config.ts'
export type { HeaderMutation, HeaderValue } from './model/headers.ts'
export type { HeaderMatch, PathMatch, QueryParameterMatch, RouteMatch, StringMatch } from './model/match.ts'
export type { Origin, Position, Problem } from './model/origin.ts'
export { retryConditions } from './model/policy.ts'
export type {
  FaultPolicy,
  FractionalPercent,
  HashPolicy,
  MirrorPolicy,
  RateLimitedBackoff,
  RequestedFault,
  RetryCondition,
  RetryPolicy,
} from './model/policy.ts'
export type {
  DirectResponseAction,
  ForwardAction,
  HostRewrite,
  PathRewrite,
  RedirectAction,
  Route,
  RouteAction,
  VirtualHost,
  WeightedCluster,
} from './model/route.ts'
export { createPicker } from './balance/create.ts'
export { HostTable } from './route/host-table.ts'
export { compileFormat } from './route/format.ts'
export { compileMatch } from './route/matchers.ts'
export { RouteTable } from './route/route-table.ts'
export { getHeader, type HeaderList, nameBits, removeHeader, setHeader } from './route/header-list.ts'
export type { HeaderLines, RequestView } from './route/request-view.ts'
export { splitAuthority, withoutBrackets } from './route/redirect.ts'
export { checksHostname, namesComplaint } from './cluster/certificate-names.ts'
export { type Address, AddressRace, addressesOf, type Opening } from './cluster/address-race.ts'
export { tlsFor } from './cluster/endpoint-tls.ts'
export type { Resolver } from './cluster/discovery.ts'
export { Cluster as LivingCluster } from './cluster/cluster.ts'
export { Draining } from './cluster/draining.ts'
export type { Connections, Endpoint as LivingEndpoint } from './cluster/endpoint.ts'
export {
  type HealthProbe,
  type HealthProbers,
  type MakeProbe,
  type ProbeResult,
  unfitHeader,
} from './cluster/health-probe.ts'
export type { Failure } from './cluster/verdict.ts'
export { Attempt } from './call/attempt.ts'
export type { Call } from './call/conduct.ts'
export { isGrpcType } from './call/is-grpc.ts'
export { loadReportHeader, parseLoadReport } from './call/load-report.ts'
export { formatGrpcTimeout, parseGrpcTimeout } from './call/deadline.ts'
export type { CallSettings } from './call/house.ts'
export type { LocalReply } from './call/local-reply.ts'
export {
  type CallScope,
  criticalityHeader,
  deadlineHeader,
  type Inbound,
  type Surroundings,
  traceHeaders,
} from './call/scope.ts'
export { ScopedView } from './call/scoped-view.ts'
export type { CallRecord, CallSizes, MeshObserver } from './call/observer.ts'
export type { AttemptTrace, CallTrace, CallTracer } from './call/trace.ts'
export type { BodyState, Exchange } from './call/transport.ts'
export { type ExplainRequest } from './mesh/explain.ts'
export type { Explanation, Step } from './mesh/explanation.ts'
export type { AdaptiveStatus } from './mesh/adaptive-account.ts'
export { house, type Housed } from './mesh/house-of.ts'
export { Mesh, type MeshOptions } from './mesh/mesh.ts'
export type { ConfigSink, ConfigSource, DocumentSink, DocumentSource, DocumentText, Freshness } from './mesh/source.ts'
export type { ClusterStatus, EndpointStatus, MeshStatus, PriorityStatus } from './mesh/status.ts'
