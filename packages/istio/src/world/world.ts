// Everything one translation looks things up in: the client, the settings, and what the client can see.
import type { DestinationRules } from '../clusters/destination-rules.ts'
import type { Compat } from '../compat.ts'
import type { Findings } from './findings.ts'
import type { Workload } from '../options.ts'
import type { VisibleServices } from '../registry/visible-services.ts'
import type { Settings } from './settings.ts'

export interface World {
  readonly client: Workload
  readonly settings: Settings
  readonly compat: Compat
  readonly httpsAsL7: boolean
  readonly strictSidecarPorts: boolean
  readonly fromControlPlane: boolean
  readonly services: VisibleServices
  readonly rules: DestinationRules
  readonly findings: Findings
}
