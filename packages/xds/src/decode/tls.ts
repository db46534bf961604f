// TLS towards endpoints: files named in the context, by a certificate provider of the bootstrap, or by Istio's names of secrets.
// What cannot be verified as it was said is refused: never sent in plain text instead.
import type { UpstreamTls } from '@proxyless/core/spi'
import type { DataSource, TransportSocket } from '../generated/envoy/config/core/v3/base.ts'
import {
  type CertificateValidationContext,
  CertificateValidationContext_TrustChainVerification as Verification,
} from '../generated/envoy/extensions/transport_sockets/tls/v3/common.ts'
import {
  type CommonTlsContext,
  UpstreamTlsContext,
} from '../generated/envoy/extensions/transport_sockets/tls/v3/tls.ts'
import { CONNECTION_FIELDS } from './fields/connection-fields.ts'
import type { CertificateFiles, Reading } from './reading.ts'
import { messageName, unpack } from './unpack.ts'

const tlsName = 'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext'
const rawName = 'envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer'

/**
 * Undefined: plain text.
 * @param said what this mesh's own control plane names beside the context
 */
export function readTls(
  reading: Reading,
  path: string,
  socket: TransportSocket | undefined,
  said?: UpstreamTls,
): UpstreamTls | undefined {
  const any = socket?.configType?.value
  if (socket === undefined || messageName(any) === rawName || socket.name === 'envoy.transport_sockets.raw_buffer') {
    return undefined
  }
  if (any === undefined || messageName(any) !== tlsName) {
    reading.refuse(path, `the transport socket "${socket.name}" is unknown`)
    return undefined
  }
  const context = unpack(reading, path, UpstreamTlsContext, any)
  if (context === undefined) return undefined
  const common = context.commonTlsContext
  if (context.sni.length > 255) reading.refuse(`${path}.sni`, 'more than 255 characters')
  if (common === undefined) {
    reading.refuse(`${path}.common_tls_context`, 'is missing')
    return undefined
  }
  reading.tell(path, context, CONNECTION_FIELDS.UpstreamTlsContext)
  checkUnsupported(reading, `${path}.common_tls_context`, common)
  if (said !== undefined) return said
  const validation = validationOf(common)
  const roots = rootsOf(reading, `${path}.validation_context`, common, validation)
  const own = identityOf(reading, `${path}.tls_certificates`, common)
  return {
    ...(roots?.caFile === undefined ? {} : { caFile: roots.caFile }),
    ...(own?.certificateFile === undefined ? {} : { certificateFile: own.certificateFile }),
    ...(own?.privateKeyFile === undefined ? {} : { privateKeyFile: own.privateKeyFile }),
    ...(context.sni === '' ? {} : { serverName: context.sni }),
    subjectAltNames: namesOf(reading, `${path}.match_subject_alt_names`, validation),
    verify: validation?.trustChainVerification !== Verification.ACCEPT_UNTRUSTED,
  }
}

function checkUnsupported(reading: Reading, path: string, common: CommonTlsContext): void {
  const validation = validationOf(common)
  reading.tell(path, common, CONNECTION_FIELDS.CommonTlsContext)
  reading.tell(`${path}.validation_context`, validation, CONNECTION_FIELDS.CertificateValidationContext)
  const unsupported = [
    ['tls_params', common.tlsParams !== undefined],
    ['custom_handshaker', common.customHandshaker !== undefined],
    ['verify_certificate_spki', (validation?.verifyCertificateSpki.length ?? 0) > 0],
    ['verify_certificate_hash', (validation?.verifyCertificateHash.length ?? 0) > 0],
    ['crl', validation?.crl !== undefined],
    ['custom_validator_config', validation?.customValidatorConfig !== undefined],
    ['require_signed_certificate_timestamp', validation?.requireSignedCertificateTimestamp === true],
  ] as const
  for (const [field, said] of unsupported) {
    if (!said) continue
    // a sidecar's parameters of the handshake are no promise about the peer: told, not refused
    if (field === 'tls_params' && reading.options.dialect === 'sidecar')
      reading.note(`${path}.${field}`, 'is not applied')
    else reading.refuse(`${path}.${field}`, 'is not supported')
  }
}

function validationOf(common: CommonTlsContext): CertificateValidationContext | undefined {
  const said = common.validationContextType
  if (said?.$case === 'validationContext') return said.value
  return said?.$case === 'combinedValidationContext' ? said.value.defaultValidationContext : undefined
}

/** Undefined: the system's roots. */
function rootsOf(
  reading: Reading,
  path: string,
  common: CommonTlsContext,
  validation: CertificateValidationContext | undefined,
): CertificateFiles | undefined {
  const said = common.validationContextType
  if (validation?.trustChainVerification === Verification.ACCEPT_UNTRUSTED) return undefined
  if (validation?.systemRootCerts !== undefined) return undefined
  const instance =
    validation?.caCertificateProviderInstance?.instanceName ??
    (said?.$case === 'validationContextCertificateProviderInstance' ? said.value.instanceName : undefined) ??
    (said?.$case === 'combinedValidationContext'
      ? said.value.validationContextCertificateProviderInstance?.instanceName
      : undefined)
  if (instance !== undefined) return providerOf(reading, path, instance, 'caFile')
  const caFile = fileOf(validation?.trustedCa)
  if (caFile !== undefined && reading.options.dialect === 'sidecar') return { caFile }
  const secret =
    said?.$case === 'validationContextSdsSecretConfig'
      ? said.value.name
      : said?.$case === 'combinedValidationContext'
        ? said.value.validationContextSdsSecretConfig?.name
        : undefined
  if (secret !== undefined && reading.options.dialect === 'sidecar') return rootSecret(reading, path, secret)
  reading.refuse(path, 'no provider of root certificates')
  return undefined
}

function rootSecret(reading: Reading, path: string, name: string): CertificateFiles | undefined {
  const file = /^file-root:(.+)$/.exec(name)?.[1]
  if (file === 'system') return undefined
  return file === undefined
    ? providerOf(reading, path, name === 'ROOTCA' ? 'default' : name, 'caFile')
    : { caFile: file }
}

/** Undefined: no client certificate. */
function identityOf(reading: Reading, path: string, common: CommonTlsContext): CertificateFiles | undefined {
  const instance =
    common.tlsCertificateProviderInstance?.instanceName ??
    common.tlsCertificateCertificateProviderInstance?.instanceName
  if (instance !== undefined) return providerOf(reading, path, instance, 'certificateFile')
  const [certificate] = common.tlsCertificates
  const [secret] = common.tlsCertificateSdsSecretConfigs
  if (certificate === undefined && secret === undefined) return undefined
  if (reading.options.dialect === 'sidecar') {
    const certificateFile = fileOf(certificate?.certificateChain)
    const privateKeyFile = fileOf(certificate?.privateKey)
    if (certificateFile !== undefined && privateKeyFile !== undefined) return { certificateFile, privateKeyFile }
    const files = /^file-cert:(.+)~(.+)$/.exec(secret?.name ?? '')
    if (files?.[1] !== undefined && files[2] !== undefined)
      return { certificateFile: files[1], privateKeyFile: files[2] }
    if (secret !== undefined) return providerOf(reading, path, secret.name, 'certificateFile')
  }
  reading.refuse(path, 'certificates come from no provider instance')
  return undefined
}

function providerOf(
  reading: Reading,
  path: string,
  name: string,
  needs: keyof CertificateFiles,
): CertificateFiles | undefined {
  const files = reading.options.certificates.get(name)
  if (files?.[needs] === undefined) reading.refuse(path, `the certificate provider "${name}" is not in the bootstrap`)
  return files
}

function namesOf(reading: Reading, path: string, validation: CertificateValidationContext | undefined): string[] {
  const matchers = [
    ...(validation?.matchSubjectAltNames ?? []),
    ...(validation?.matchTypedSubjectAltNames ?? []).flatMap(({ matcher }) => matcher ?? []),
  ]
  return matchers.flatMap(({ matchPattern, ignoreCase }) => {
    if (matchPattern?.$case === 'exact' && !ignoreCase) return [matchPattern.value]
    reading.refuse(path, 'names other than exact ones cannot be verified')
    return []
  })
}

function fileOf(source: DataSource | undefined): string | undefined {
  return source?.specifier?.$case === 'filename' ? source.specifier.value : undefined
}
