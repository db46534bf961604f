// A service of the registry: one host of a Kubernetes Service or a ServiceEntry, as a caller needs it.
import type { Discovery } from '@proxyless/core/spi'
import type { Resource } from '../documents/resource.ts'
import type { Protocol } from './protocol.ts'

export interface MeshService {
  /** Lower case. */
  readonly host: string
  readonly namespace: string
  readonly kubernetes: boolean
  /** Its endpoints are not of the mesh: only where the document says so, for many that are say nothing. */
  readonly external?: true
  /** Of an ExternalName: the host that is meant, lower case. */
  readonly externalName?: string
  readonly addresses: readonly string[]
  readonly headless: boolean
  /** Endpoints that callers shall use first: `trafficDistribution`. */
  readonly prefers?: Preference
  readonly exportTo: readonly string[]
  readonly ports: readonly ServicePort[]
  /** Expected in the server's certificate where the DestinationRule does not say. */
  readonly subjectAltNames: readonly string[]
  readonly resource: Resource
}

export type Preference = 'sameZone' | 'sameNode'

export interface ServicePort {
  readonly number: number
  readonly name: string
  readonly protocol: Protocol
  readonly discovery: Discovery
}
