// The kinds that are read, and the shape of what each says.
import type { DestinationRuleSpec } from './destination-rule.ts'
import type { EndpointSliceSpec, ServiceSpec } from './kubernetes.ts'
import type { MeshSettingsSpec } from './mesh-settings.ts'
import type { ServiceEntrySpec, WorkloadEntrySpec } from './service-entry.ts'
import type { GatewaySpec, SidecarSpec } from './sidecar.ts'
import type { VirtualServiceSpec } from './virtual-service.ts'

export interface SpecOf {
  VirtualService: VirtualServiceSpec
  DestinationRule: DestinationRuleSpec
  ServiceEntry: ServiceEntrySpec
  WorkloadEntry: WorkloadEntrySpec
  WorkloadGroup: Readonly<Record<string, unknown>>
  Sidecar: SidecarSpec
  Gateway: GatewaySpec
  Service: ServiceSpec
  EndpointSlice: EndpointSliceSpec
  MeshConfig: MeshSettingsSpec
}
