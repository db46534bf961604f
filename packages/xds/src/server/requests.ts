// What clients say on a stream of ADS, in both variants of the protocol, as short as a server wants it.
// The counterpart of stream/: that is the client's end.
import type { Node } from '../generated/envoy/config/core/v3/base.ts'
import { DeltaDiscoveryRequest, DiscoveryRequest } from '../generated/envoy/service/discovery/v3/discovery.ts'
import { type Kind, kindOf } from '../stream/kinds.ts'

/** Who is asking; said once per stream. */
export interface ClientNode {
  readonly id: string
  readonly cluster: string
  readonly metadata: Readonly<Record<string, unknown>>
  readonly locality: { readonly region: string; readonly zone: string; readonly subzone: string }
  readonly userAgent: string
  readonly features: readonly string[]
}

interface Request {
  readonly node: ClientNode | undefined
  readonly typeUrl: string
  /** Undefined: a type that is none of the four. */
  readonly kind: Kind | undefined
  /** Of the response that this answers; empty: it answers none. */
  readonly nonce: string
  /** Why the response was refused (NACK). */
  readonly error: string | undefined
}

export interface SotwRequest extends Request {
  /** All that is wanted; whether none means all depends on what was said before (T7). */
  readonly names: readonly string[]
  /** The last response that was accepted. */
  readonly version: string
}

export interface DeltaRequest extends Request {
  readonly subscribe: readonly string[]
  readonly unsubscribe: readonly string[]
  /** What the client holds, by name: said in its first request of a kind on a stream (D1). */
  readonly initialVersions: ReadonlyMap<string, string>
}

/** @throws when the bytes are no DiscoveryRequest. */
export function readSotwRequest(bytes: Uint8Array): SotwRequest {
  const request = DiscoveryRequest.decode(bytes)
  return { ...common(request), names: request.resourceNames, version: request.versionInfo }
}

/** @throws when the bytes are no DeltaDiscoveryRequest. */
export function readDeltaRequest(bytes: Uint8Array): DeltaRequest {
  const request = DeltaDiscoveryRequest.decode(bytes)
  return {
    ...common(request),
    subscribe: request.resourceNamesSubscribe,
    unsubscribe: request.resourceNamesUnsubscribe,
    initialVersions: new Map(Object.entries(request.initialResourceVersions)),
  }
}

function common({ node, typeUrl, responseNonce, errorDetail }: DiscoveryRequest | DeltaDiscoveryRequest): Request {
  return {
    node: node === undefined ? undefined : nodeOf(node),
    typeUrl,
    kind: kindOf(typeUrl),
    nonce: responseNonce,
    error: errorDetail === undefined ? undefined : errorDetail.message || `code ${errorDetail.code}`,
  }
}

function nodeOf({
  id,
  cluster,
  metadata,
  locality,
  userAgentName,
  userAgentVersionType,
  clientFeatures,
}: Node): ClientNode {
  const { region = '', zone = '', subZone: subzone = '' } = locality ?? {}
  return {
    id,
    cluster,
    metadata: metadata ?? {},
    locality: { region, zone, subzone },
    userAgent: [userAgentName, versionOf(userAgentVersionType)].filter((part) => part !== '').join(' '),
    features: clientFeatures,
  }
}

/** gRPC says a text, Envoy numbers. */
function versionOf(said: Node['userAgentVersionType']): string {
  if (said?.$case === 'userAgentVersion') return said.value
  const number = said?.value.version
  return number === undefined ? '' : `${number.majorNumber}.${number.minorNumber}.${number.patch}`
}
