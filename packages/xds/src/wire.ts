// The messages of the discovery service, for whoever plays one end of a stream by hand: tests, benches.
export {
  DeltaDiscoveryRequest,
  DeltaDiscoveryResponse,
  DiscoveryRequest,
  DiscoveryResponse,
} from './generated/envoy/service/discovery/v3/discovery.ts'
