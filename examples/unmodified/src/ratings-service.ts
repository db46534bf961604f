// The gRPC service of the example, as a generator would write it.
import type { ServiceDefinition } from '@grpc/grpc-js'

const asIs = (bytes: Buffer): Buffer => bytes

export const ratingsService: ServiceDefinition = {
  get: {
    path: '/bookinfo.Ratings/Get',
    requestStream: false,
    responseStream: false,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  },
}
