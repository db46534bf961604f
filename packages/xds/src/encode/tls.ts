// TLS towards endpoints. Envoy reads files itself; gRPC has its own certificates by the name of a provider, as Istio has it.
import type { TlsMatch, UpstreamTls } from '@proxyless/core/spi'
import type { Cluster_TransportSocketMatch } from '../generated/envoy/config/cluster/v3/cluster.ts'
import type { TransportSocket } from '../generated/envoy/config/core/v3/base.ts'
import {
  type CertificateValidationContext,
  CertificateValidationContext_TrustChainVerification as Verification,
  SubjectAltNameMatcher_SanType as SanType,
} from '../generated/envoy/extensions/transport_sockets/tls/v3/common.ts'
import {
  type CommonTlsContext,
  UpstreamTlsContext,
} from '../generated/envoy/extensions/transport_sockets/tls/v3/tls.ts'
import type { EncoderOptions } from './encoder.ts'
import { pack, packBytes } from './values.ts'

type Partial<T> = { readonly [K in keyof T]?: T[K] | object }

/** Where Envoy finds the system's roots; istiod names the same. */
const systemRoots = '/etc/ssl/certs/ca-certificates.crt'

const provider = { instanceName: 'default', certificateName: 'default' }

export function writeTls(tls: UpstreamTls, dialect: EncoderOptions['dialect']): TransportSocket {
  const common = dialect === 'api' ? byProvider(tls) : byFiles(tls)
  const context = UpstreamTlsContext.fromPartial({
    commonTlsContext: common as CommonTlsContext,
    sni: tls.serverName ?? '',
  })
  const value = pack('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', UpstreamTlsContext, context)
  return { name: 'envoy.transport_sockets.tls', configType: { $case: 'typedConfig', value } }
}

/** One of `transport_socket_matches`. */
export function writeTlsMatch({ labels, tls, unavailable }: TlsMatch, index: number): Cluster_TransportSocketMatch {
  const transportSocket = unavailable !== undefined ? writeTls(nobody, 'sidecar') : tls && writeTls(tls, 'sidecar')
  return { name: String(index), match: labels, transportSocket: transportSocket ?? plain }
}

/** A peer that there is not: endpoints that cannot be reached as was said are not reached. */
const nobody: UpstreamTls = { subjectAltNames: ['unavailable.invalid'], verify: true }

const plain: TransportSocket = {
  name: 'envoy.transport_sockets.raw_buffer',
  configType: {
    $case: 'typedConfig',
    value: packBytes('envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer'),
  },
}

function byFiles({
  caFile,
  certificateFile,
  privateKeyFile,
  subjectAltNames,
  verify,
}: UpstreamTls): Partial<CommonTlsContext> {
  const validation = verify
    ? { trustedCa: file(caFile ?? systemRoots), matchTypedSubjectAltNames: subjectAltNames.map(named) }
    : { trustChainVerification: Verification.ACCEPT_UNTRUSTED }
  return {
    ...validated(validation),
    ...(certificateFile === undefined || privateKeyFile === undefined
      ? {}
      : { tlsCertificates: [{ certificateChain: file(certificateFile), privateKey: file(privateKeyFile) }] }),
  }
}

/** gRPC verifies always: where this mesh would not, its calls fail rather than trust anybody. */
function byProvider({ caFile, certificateFile, subjectAltNames, verify }: UpstreamTls): Partial<CommonTlsContext> {
  const roots =
    caFile === undefined && verify
      ? { systemRootCerts: {} }
      : { caCertificateProviderInstance: { ...provider, certificateName: 'ROOTCA' } }
  return {
    ...validated({ ...roots, matchSubjectAltNames: subjectAltNames.map(exact) }),
    ...(certificateFile === undefined ? {} : { tlsCertificateProviderInstance: provider }),
  }
}

function validated(context: Partial<CertificateValidationContext>): Partial<CommonTlsContext> {
  return { validationContextType: { $case: 'validationContext', value: context } }
}

function file(filename: string): object {
  return { specifier: { $case: 'filename', value: filename } }
}

function named(name: string): object {
  return { sanType: name.includes('://') ? SanType.URI : SanType.DNS, matcher: exact(name) }
}

function exact(value: string): object {
  return { matchPattern: { $case: 'exact', value } }
}
