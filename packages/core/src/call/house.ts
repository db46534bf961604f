// What a call needs of the house it lives in. Implemented by mesh/mesh.
import type { Clock } from '../base/clock.ts'
import type { MeshError } from '../base/error.ts'
import type { Random } from '../base/random.ts'
import type { Timeouts } from '../base/timeouts.ts'
import type { Waits } from '../base/waits.ts'
import type { PathNormalization } from '../model/config.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Affinity } from '../route/affinity.ts'
import type { RequestView } from '../route/request-view.ts'
import type { RouteTable } from '../route/route-table.ts'
import type { Call } from './conduct.ts'
import type { ActiveFaults } from './fault.ts'
import type { LocalReply } from './local-reply.ts'
import type { ForwardPlan, RoutePlan } from './plan.ts'
import type { Surroundings } from './scope.ts'
import type { CallTracer } from './trace.ts'

export interface CallSettings {
  /** Obey `x-envoy-*` request headers of the application. Default false, as Envoy since 1.33. */
  readonly trustRequestHeaders: boolean
  /** Makes `x-request-id` where a request has none; undefined: none is added. */
  readonly requestId: (() => string) | undefined
  /** Send `x-envoy-attempt-count`. Default true. */
  readonly attemptCount: boolean
  /** False switches all fault injection off. */
  readonly faults: boolean
  /** False: somebody in front retries what a policy asks to be retried. Default true. */
  readonly retries?: boolean
  /** What the gRPC door makes of a timeout of the mesh's own. Default 4, as gRPC libraries report theirs; Envoy says 14. */
  readonly grpcTimeoutStatus?: 4 | 14
}

/** The compiled world as a call reads it. */
export interface RoutesView {
  readonly pathNormalization: PathNormalization
  /** The routes of the virtual host that claims the request's host; undefined: nobody does. */
  routesOf(view: RequestView): RouteTable<RoutePlan> | undefined
  /** Where requests to unknown hosts go; undefined: they are blocked. */
  readonly unknownHost: ForwardPlan | undefined
  /** The cluster of the same service with another variant; undefined: there is none. */
  variantOf(cluster: string, variant: string): string | undefined
}

export interface CallHouse {
  /** True once the mesh is closing: nothing is retried. */
  readonly closed: boolean
  readonly snapshot: RoutesView
  readonly clock: Clock
  readonly random: Random
  readonly timeouts: Timeouts
  readonly waits: Waits
  readonly settings: CallSettings
  readonly affinity: Affinity
  readonly activeFaults: ActiveFaults
  /** Undefined: calls have none. */
  readonly surroundings: Surroundings | undefined
  readonly tracer: CallTracer | undefined
  /** Somebody hears of every call that has ended. */
  readonly listens: boolean
  cluster(name: string): Cluster | undefined
  /** Why a cluster is not there or has no endpoints, as far as the configuration's source knows. */
  remark(cluster: string): string | undefined
  /** True: the source was asked for a host that nobody claims, and the call begins anew once somebody does. */
  awaitHost(call: Call): boolean
  error(call: Call, reply: LocalReply): MeshError
  ended(call: Call, status: number, startedAtMs: number): void
}
