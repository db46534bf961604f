// What becomes of the fields of health checks, protocols and TLS of clusters.
// `none` is what logs, and the sizes of buffers and windows.
import type {
  HealthCheck,
  HealthCheck_GrpcHealthCheck,
  HealthCheck_HttpHealthCheck,
  HealthCheck_TcpHealthCheck,
} from '../../generated/envoy/config/core/v3/health_check.ts'
import type {
  Http1ProtocolOptions,
  Http2ProtocolOptions,
  HttpProtocolOptions,
} from '../../generated/envoy/config/core/v3/protocol.ts'
import type { HttpProtocolOptions as UpstreamHttpProtocolOptions } from '../../generated/envoy/extensions/upstreams/http/v3/http_protocol_options.ts'
import type {
  CommonTlsContext,
  UpstreamTlsContext,
} from '../../generated/envoy/extensions/transport_sockets/tls/v3/tls.ts'
import type { CertificateValidationContext } from '../../generated/envoy/extensions/transport_sockets/tls/v3/common.ts'
import type { FieldsOf } from './fields.ts'

interface Messages {
  HealthCheck: HealthCheck
  HttpHealthCheck: HealthCheck_HttpHealthCheck
  TcpHealthCheck: HealthCheck_TcpHealthCheck
  GrpcHealthCheck: HealthCheck_GrpcHealthCheck
  HttpProtocolOptions: HttpProtocolOptions
  Http1ProtocolOptions: Http1ProtocolOptions
  Http2ProtocolOptions: Http2ProtocolOptions
  UpstreamHttpProtocolOptions: UpstreamHttpProtocolOptions
  UpstreamTlsContext: UpstreamTlsContext
  CommonTlsContext: CommonTlsContext
  CertificateValidationContext: CertificateValidationContext
}

export const CONNECTION_FIELDS: FieldsOf<Messages> = {
  HealthCheck: {
    timeout: 'read',
    interval: 'read',
    initialJitter: 'read',
    intervalJitter: 'read',
    intervalJitterPercent: 'read',
    unhealthyThreshold: 'read',
    healthyThreshold: 'read',
    altPort: 'told',
    reuseConnection: 'read',
    healthChecker: 'read',
    noTrafficInterval: 'read',
    noTrafficHealthyInterval: 'read',
    unhealthyInterval: 'read',
    unhealthyEdgeInterval: 'read',
    healthyEdgeInterval: 'read',
    eventLogPath: 'none',
    eventLogger: 'none',
    eventService: 'none',
    alwaysLogHealthCheckFailures: 'none',
    alwaysLogHealthCheckSuccess: 'none',
    tlsOptions: 'told',
    transportSocketMatchCriteria: 'told',
  },
  HttpHealthCheck: {
    host: 'read',
    path: 'read',
    send: 'told',
    receive: 'told',
    responseBufferSize: 'none',
    requestHeadersToAdd: 'read',
    requestHeadersToRemove: 'told',
    expectedStatuses: 'read',
    retriableStatuses: 'read',
    codecClientType: 'read',
    serviceNameMatcher: 'read',
    method: 'read',
  },
  TcpHealthCheck: {
    send: 'read',
    receive: 'read',
    proxyProtocolConfig: 'told',
  },
  GrpcHealthCheck: {
    serviceName: 'read',
    authority: 'read',
    initialMetadata: 'told',
  },
  HttpProtocolOptions: {
    idleTimeout: 'read',
    maxConnectionDuration: 'read',
    maxHeadersCount: 'told',
    maxStreamDuration: 'read',
    headersWithUnderscoresAction: 'told',
    maxRequestsPerConnection: 'read',
  },
  Http1ProtocolOptions: {
    allowAbsoluteUrl: 'none',
    acceptHttp10: 'none',
    defaultHostForHttp10: 'none',
    headerKeyFormat: 'told',
    enableTrailers: 'none',
    allowChunkedLength: 'none',
    overrideStreamErrorOnInvalidHttpMessage: 'none',
    sendFullyQualifiedUrl: 'told',
    useBalsaParser: 'none',
    allowCustomMethods: 'none',
  },
  Http2ProtocolOptions: {
    hpackTableSize: 'none',
    maxConcurrentStreams: 'read',
    initialStreamWindowSize: 'none',
    initialConnectionWindowSize: 'none',
    allowConnect: 'none',
    allowMetadata: 'none',
    maxOutboundFrames: 'none',
    maxOutboundControlFrames: 'none',
    maxConsecutiveInboundFramesWithEmptyPayload: 'none',
    maxInboundPriorityFramesPerStream: 'none',
    maxInboundWindowUpdateFramesPerDataFrameSent: 'none',
    streamErrorOnInvalidHttpMessaging: 'none',
    overrideStreamErrorOnInvalidHttpMessage: 'none',
    customSettingsParameters: 'told',
    connectionKeepalive: 'told',
    useOghttp2Codec: 'none',
  },
  UpstreamHttpProtocolOptions: {
    commonHttpProtocolOptions: 'read',
    upstreamHttpProtocolOptions: 'none',
    upstreamProtocolOptions: 'read',
    httpFilters: 'told',
    headerValidationConfig: 'none',
  },
  UpstreamTlsContext: {
    commonTlsContext: 'read',
    sni: 'read',
    allowRenegotiation: 'told',
    maxSessionKeys: 'none',
    enforceRsaKeyUsage: 'none',
  },
  CommonTlsContext: {
    tlsParams: 'read',
    tlsCertificates: 'read',
    tlsCertificateSdsSecretConfigs: 'read',
    tlsCertificateProviderInstance: 'read',
    tlsCertificateCertificateProvider: 'told',
    tlsCertificateCertificateProviderInstance: 'read',
    validationContextType: 'read',
    alpnProtocols: 'none',
    customHandshaker: 'read',
    keyLog: 'none',
  },
  CertificateValidationContext: {
    trustedCa: 'read',
    caCertificateProviderInstance: 'read',
    systemRootCerts: 'read',
    watchedDirectory: 'none',
    verifyCertificateSpki: 'read',
    verifyCertificateHash: 'read',
    matchTypedSubjectAltNames: 'read',
    matchSubjectAltNames: 'read',
    requireSignedCertificateTimestamp: 'read',
    crl: 'read',
    allowExpiredCertificate: 'told',
    trustChainVerification: 'read',
    customValidatorConfig: 'read',
    onlyVerifyLeafCertCrl: 'none',
    maxVerifyDepth: 'told',
  },
}
