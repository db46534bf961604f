// What the front door tells this package: who is calling, and the tools it may use.
import type { Clock, Locality, RegexEngine } from '@proxyless/core/spi'
import type { CompatProfile } from './compat.ts'
import type { MeshSettingsInput } from './schema/mesh-settings.ts'

/** The calling process as the mesh sees it. */
export interface Workload {
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
  readonly serviceAccount?: string
  readonly locality?: Locality
  readonly cluster?: string
  readonly network?: string
  /** Tells this process from others of its kind, such as the pod's name; which part of a large cluster it keeps to depends on it. */
  readonly instance?: string
}

/** How documents are understood, whoever calls. */
export interface TranslationOptions {
  /** Istio's MeshConfig; a document of `kind: MeshConfig` overrides it field by field. */
  readonly meshConfig?: MeshSettingsInput
  /** Which Istio's defaults hold. Default: `latest`. */
  readonly compat?: CompatProfile
  /** Unknown fields and warnings of hygiene become errors. */
  readonly strict?: boolean
  /** Apply HTTP rules to https calls on HTTPS and TLS ports, which a sidecar cannot. Default: true. */
  readonly httpsAsL7?: boolean
  /** Filter services by the request's port first, as a sidecar's listeners do. Default: false. */
  readonly strictSidecarPorts?: boolean
  /**
   * A control plane's documents: endpoints come beside them, so that there are none is not told; and its settings of the mesh
   * are complete, so that some have no effect here is not told either. Default: false.
   */
  readonly fromControlPlane?: boolean
}

export interface IstioOptions extends TranslationOptions {
  readonly workload: Workload
  readonly regex: RegexEngine
  /** Awaited between slices of work, so that loading never blocks the event loop. */
  readonly pause?: () => Promise<void>
  readonly clock: Clock
}
