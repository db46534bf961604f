// The wire of xDS, for those who serve it: kinds of resources and the messages of the discovery service. No client and no socket.
export { Node } from './generated/envoy/config/core/v3/base.ts'
export {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
  DiscoveryRequest,
  DiscoveryResponse,
} from './generated/envoy/service/discovery/v3/discovery.ts'
export { isFullState, type Kind, kindOf, KINDS, TYPE_URLS, WILDCARD } from './stream/kinds.ts'
