// The package `proxyless`: a client-side service mesh inside the process.
export { createMesh, type Mesh, type OverridableFetch } from './create-mesh.ts'
export type { ExplainInput } from './explain-input.ts'
export type { CreateMeshOptions } from './options.ts'
export type { LocalityOption, WorkloadOption } from './workload-option.ts'
export {
  type CallRecord,
  type Clock,
  type ConfigSink,
  type ConfigSource,
  type ExplainRequest,
  type Explanation,
  type Freshness,
  MeshError,
  type MeshErrorCode,
  type MeshObserver,
  type MeshStatus,
  type Problem,
  type Random,
} from '@proxyless/core'
export type { CallOverrides, Criticality, Loosening, Middleware } from '@proxyless/context'
export { type DocumentFeed, feed, type FeedOptions, type FeedTls } from '@proxyless/feed'
export type { Workload } from '@proxyless/istio'
export type { XdsOptions } from '@proxyless/xds'
export { xds } from './xds.ts'
