// The table of kinds: which apiVersions carry them, where their fields stand, and who checks them.
import type { ZodType } from 'zod'
import type { Kind } from '../documents/resource.ts'
import { destinationRuleSchema } from './destination-rule.ts'
import { endpointSliceSchema, serviceSchema } from './kubernetes.ts'
import { meshSettingsSchema } from './mesh-settings.ts'
import { serviceEntrySchema, workloadEntrySchema, workloadGroupSchema } from './service-entry.ts'
import { gatewaySchema, sidecarSchema } from './sidecar.ts'
import type { SpecOf } from './specs.ts'
import { virtualServiceSchema } from './virtual-service.ts'

export interface KindRow<K extends Kind = Kind> {
  /** Empty: not looked at. */
  readonly apiVersions: readonly string[]
  readonly schema: ZodType<SpecOf[K]>
  /** Where the fields stand: under `spec`, beside `metadata`, or either. */
  readonly fields: 'spec' | 'top' | 'either'
}

const NETWORKING = ['networking.istio.io/v1', 'networking.istio.io/v1beta1', 'networking.istio.io/v1alpha3']

export const KINDS: { readonly [K in Kind]: KindRow<K> } = {
  VirtualService: { apiVersions: NETWORKING, schema: virtualServiceSchema, fields: 'spec' },
  DestinationRule: { apiVersions: NETWORKING, schema: destinationRuleSchema, fields: 'spec' },
  ServiceEntry: { apiVersions: NETWORKING, schema: serviceEntrySchema, fields: 'spec' },
  WorkloadEntry: { apiVersions: NETWORKING, schema: workloadEntrySchema, fields: 'spec' },
  WorkloadGroup: { apiVersions: NETWORKING, schema: workloadGroupSchema, fields: 'spec' },
  Sidecar: { apiVersions: NETWORKING, schema: sidecarSchema, fields: 'spec' },
  Gateway: { apiVersions: NETWORKING, schema: gatewaySchema, fields: 'spec' },
  Service: { apiVersions: ['v1'], schema: serviceSchema, fields: 'spec' },
  EndpointSlice: {
    apiVersions: ['discovery.k8s.io/v1', 'discovery.k8s.io/v1beta1'],
    schema: endpointSliceSchema,
    fields: 'top',
  },
  MeshConfig: { apiVersions: [], schema: meshSettingsSchema, fields: 'either' },
}

export function isKind(kind: string): kind is Kind {
  return Object.hasOwn(KINDS, kind)
}
