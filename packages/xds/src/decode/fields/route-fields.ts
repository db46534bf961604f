// What becomes of the fields of route configurations.
// `none` is what counts, traces, or answers browsers; ports and hosts are always matched apart.
import type { RouteConfiguration } from '../../generated/envoy/config/route/v3/route.ts'
import type {
  DirectResponseAction,
  FilterConfig,
  HeaderMatcher,
  HedgePolicy,
  QueryParameterMatcher,
  RedirectAction,
  Route,
  RouteAction,
  RouteAction_HashPolicy,
  RouteAction_HashPolicy_ConnectionProperties,
  RouteAction_HashPolicy_Cookie,
  RouteAction_HashPolicy_Header,
  RouteAction_HashPolicy_QueryParameter,
  RouteAction_MaxStreamDuration,
  RouteAction_RequestMirrorPolicy,
  RouteMatch,
  VirtualHost,
  WeightedCluster,
  WeightedCluster_ClusterWeight,
} from '../../generated/envoy/config/route/v3/route_components.ts'
import type { HeaderValue, HeaderValueOption } from '../../generated/envoy/config/core/v3/base.ts'
import type { FieldsOf } from './fields.ts'

interface Messages {
  RouteConfiguration: RouteConfiguration
  VirtualHost: VirtualHost
  Route: Route
  RouteMatch: RouteMatch
  RouteAction: RouteAction
  WeightedCluster: WeightedCluster
  ClusterWeight: WeightedCluster_ClusterWeight
  RequestMirrorPolicy: RouteAction_RequestMirrorPolicy
  HashPolicy: RouteAction_HashPolicy
  HashPolicyHeader: RouteAction_HashPolicy_Header
  HashPolicyCookie: RouteAction_HashPolicy_Cookie
  HashPolicyQueryParameter: RouteAction_HashPolicy_QueryParameter
  HashPolicyConnectionProperties: RouteAction_HashPolicy_ConnectionProperties
  MaxStreamDuration: RouteAction_MaxStreamDuration
  HedgePolicy: HedgePolicy
  RedirectAction: RedirectAction
  DirectResponseAction: DirectResponseAction
  HeaderMatcher: HeaderMatcher
  QueryParameterMatcher: QueryParameterMatcher
  FilterConfig: FilterConfig
  HeaderValueOption: HeaderValueOption
  HeaderValue: HeaderValue
}

export const ROUTE_FIELDS: FieldsOf<Messages> = {
  RouteConfiguration: {
    name: 'read',
    virtualHosts: 'read',
    vhds: 'told',
    internalOnlyHeaders: 'none',
    responseHeadersToAdd: 'read',
    responseHeadersToRemove: 'read',
    requestHeadersToAdd: 'read',
    requestHeadersToRemove: 'read',
    mostSpecificHeaderMutationsWins: 'read',
    validateClusters: 'none',
    maxDirectResponseBodySizeBytes: 'none',
    clusterSpecifierPlugins: 'read',
    requestMirrorPolicies: 'read',
    ignorePortInHostMatching: 'none',
    ignorePathParametersInPathMatching: 'told',
    typedPerFilterConfig: 'read',
    metadata: 'read',
  },
  VirtualHost: {
    name: 'read',
    domains: 'read',
    routes: 'read',
    matcher: 'told',
    requireTls: 'told',
    virtualClusters: 'none',
    rateLimits: 'told',
    requestHeadersToAdd: 'read',
    requestHeadersToRemove: 'read',
    responseHeadersToAdd: 'read',
    responseHeadersToRemove: 'read',
    cors: 'none',
    typedPerFilterConfig: 'read',
    includeRequestAttemptCount: 'none',
    includeAttemptCountInResponse: 'told',
    retryPolicy: 'read',
    retryPolicyTypedConfig: 'told',
    hedgePolicy: 'read',
    includeIsTimeoutRetryHeader: 'told',
    perRequestBufferLimitBytes: 'told',
    requestMirrorPolicies: 'read',
    metadata: 'read',
  },
  Route: {
    name: 'read',
    match: 'read',
    action: 'read',
    metadata: 'read',
    decorator: 'none',
    typedPerFilterConfig: 'read',
    requestHeadersToAdd: 'read',
    requestHeadersToRemove: 'read',
    responseHeadersToAdd: 'read',
    responseHeadersToRemove: 'read',
    tracing: 'none',
    perRequestBufferLimitBytes: 'told',
    statPrefix: 'read',
  },
  RouteMatch: {
    pathSpecifier: 'read',
    caseSensitive: 'read',
    runtimeFraction: 'read',
    headers: 'read',
    queryParameters: 'read',
    grpc: 'read',
    tlsContext: 'read',
    dynamicMetadata: 'read',
  },
  RouteAction: {
    clusterSpecifier: 'read',
    clusterNotFoundResponseCode: 'told',
    metadataMatch: 'told',
    prefixRewrite: 'read',
    regexRewrite: 'read',
    pathRewritePolicy: 'told',
    hostRewriteSpecifier: 'read',
    appendXForwardedHost: 'told',
    timeout: 'read',
    idleTimeout: 'told',
    earlyDataPolicy: 'none',
    retryPolicy: 'read',
    retryPolicyTypedConfig: 'told',
    requestMirrorPolicies: 'read',
    priority: 'told',
    rateLimits: 'told',
    includeVhRateLimits: 'none',
    hashPolicy: 'read',
    cors: 'none',
    maxGrpcTimeout: 'read',
    grpcTimeoutOffset: 'told',
    upgradeConfigs: 'none',
    internalRedirectPolicy: 'told',
    internalRedirectAction: 'told',
    maxInternalRedirects: 'told',
    hedgePolicy: 'read',
    maxStreamDuration: 'read',
  },
  WeightedCluster: {
    clusters: 'read',
    totalWeight: 'none',
    runtimeKeyPrefix: 'none',
    randomValueSpecifier: 'told',
  },
  ClusterWeight: {
    name: 'read',
    clusterHeader: 'read',
    weight: 'read',
    metadataMatch: 'told',
    requestHeadersToAdd: 'read',
    requestHeadersToRemove: 'read',
    responseHeadersToAdd: 'read',
    responseHeadersToRemove: 'read',
    typedPerFilterConfig: 'read',
    hostRewriteSpecifier: 'read',
  },
  RequestMirrorPolicy: {
    cluster: 'read',
    clusterHeader: 'read',
    runtimeFraction: 'read',
    traceSampled: 'none',
    disableShadowHostSuffixAppend: 'read',
  },
  HashPolicy: {
    policySpecifier: 'read',
    terminal: 'read',
  },
  HashPolicyHeader: {
    headerName: 'read',
    regexRewrite: 'read',
  },
  HashPolicyCookie: {
    name: 'read',
    ttl: 'read',
    path: 'read',
    attributes: 'read',
  },
  HashPolicyQueryParameter: {
    name: 'read',
  },
  HashPolicyConnectionProperties: {
    sourceIp: 'read',
  },
  MaxStreamDuration: {
    maxStreamDuration: 'read',
    grpcTimeoutHeaderMax: 'read',
    grpcTimeoutHeaderOffset: 'told',
  },
  HedgePolicy: {
    initialRequests: 'told',
    additionalRequestChance: 'told',
    hedgeOnPerTryTimeout: 'read',
  },
  RedirectAction: {
    schemeRewriteSpecifier: 'read',
    hostRedirect: 'read',
    portRedirect: 'read',
    pathRewriteSpecifier: 'read',
    responseCode: 'read',
    stripQuery: 'read',
  },
  DirectResponseAction: {
    status: 'read',
    body: 'read',
  },
  HeaderMatcher: {
    name: 'read',
    headerMatchSpecifier: 'read',
    invertMatch: 'read',
    treatMissingHeaderAsEmpty: 'read',
  },
  QueryParameterMatcher: {
    name: 'read',
    queryParameterMatchSpecifier: 'read',
  },
  FilterConfig: {
    config: 'read',
    isOptional: 'read',
    disabled: 'read',
  },
  HeaderValueOption: {
    header: 'read',
    append: 'read',
    appendAction: 'read',
    keepEmptyValue: 'read',
  },
  HeaderValue: {
    key: 'read',
    value: 'read',
    rawValue: 'read',
  },
}
