// What this door can ask endpoints, for the front door: it needs no grpc-js, so that meshes without gRPC never load it.
import type { HealthProbers } from '@proxyless/core/spi'
import { GrpcProbe } from './grpc-probe.ts'

export const grpcHealthProbers: HealthProbers = {
  grpc: (check, endpoint, cluster) => new GrpcProbe(check, endpoint, cluster),
}
