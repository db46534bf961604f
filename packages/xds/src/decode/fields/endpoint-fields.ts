// What becomes of the fields of endpoint assignments.
import type {
  ClusterLoadAssignment,
  ClusterLoadAssignment_Policy,
} from '../../generated/envoy/config/endpoint/v3/endpoint.ts'
import type {
  Endpoint,
  Endpoint_AdditionalAddress,
  Endpoint_HealthCheckConfig,
  LbEndpoint,
  LocalityLbEndpoints,
} from '../../generated/envoy/config/endpoint/v3/endpoint_components.ts'
import type { FieldsOf } from './fields.ts'

interface Messages {
  ClusterLoadAssignment: ClusterLoadAssignment
  ClusterLoadAssignmentPolicy: ClusterLoadAssignment_Policy
  LocalityLbEndpoints: LocalityLbEndpoints
  LbEndpoint: LbEndpoint
  Endpoint: Endpoint
  EndpointAdditionalAddress: Endpoint_AdditionalAddress
  EndpointHealthCheckConfig: Endpoint_HealthCheckConfig
}

export const ENDPOINT_FIELDS: FieldsOf<Messages> = {
  ClusterLoadAssignment: {
    clusterName: 'read',
    endpoints: 'read',
    namedEndpoints: 'told',
    policy: 'read',
  },
  ClusterLoadAssignmentPolicy: {
    dropOverloads: 'read',
    overprovisioningFactor: 'read',
    endpointStaleAfter: 'told',
    weightedPriorityHealth: 'told',
  },
  LocalityLbEndpoints: {
    locality: 'read',
    metadata: 'none',
    lbEndpoints: 'read',
    lbConfig: 'read',
    loadBalancingWeight: 'read',
    priority: 'read',
    proximity: 'none',
  },
  LbEndpoint: {
    hostIdentifier: 'read',
    healthStatus: 'read',
    metadata: 'read',
    loadBalancingWeight: 'read',
  },
  Endpoint: {
    address: 'read',
    healthCheckConfig: 'read',
    hostname: 'read',
    additionalAddresses: 'read',
  },
  EndpointAdditionalAddress: {
    address: 'read',
  },
  EndpointHealthCheckConfig: {
    portValue: 'read',
    hostname: 'read',
    address: 'told',
    disableActiveHealthCheck: 'read',
  },
}
