// The package `@proxyless/xds`: a client of xDS control planes, as a configuration source;
// and, for a control plane, what goes over the wire.
export { type Bootstrap, type BootstrapNode, type BootstrapServer, parseBootstrap } from './bootstrap/bootstrap.ts'
export { XDS_PROBLEM_CODES } from './codes.ts'
export type { XdsOptions } from './options.ts'
export { addClientStatusService, clientStatus } from './status/status-service.ts'
export { type XdsHost, xdsSource } from './xds-source.ts'
export {
  createEncoder,
  type EncodedConfig,
  type EncodedResource,
  type Encoder,
  type EncoderOptions,
} from './encode/encoder.ts'
export {
  type ClientNode,
  type DeltaRequest,
  readDeltaRequest,
  readSotwRequest,
  type SotwRequest,
} from './server/requests.ts'
export { ADS_METHODS, type DeltaResponse, writeDeltaResponse, writeSotwResponse } from './server/responses.ts'
export { isFullState, type Kind, KINDS, kindOf, TYPE_URLS, WILDCARD } from './stream/kinds.ts'
