// Joins a mesh to OpenTelemetry. Until an SDK is registered, which may be later than the mesh, calls have no tracer.
import { context, type Context, createContextKey, isSpanContextValid, propagation, trace } from '@opentelemetry/api'
import {
  type Call,
  type CallTrace,
  type CallTracer,
  type Mesh,
  ScopedView,
  type TimerHandle,
} from '@proxyless/core/spi'
import { ClientMetrics } from './client-metrics.ts'
import { exportFamilies } from './export-families.ts'
import type { MeshMetrics } from './metrics/mesh-metrics.ts'
import { conventionsOf } from './semantics/conventions.ts'
import { headersOf } from './spans/carriers.ts'
import { FollowedCall } from './spans/followed-call.ts'
import type { Following } from './spans/following.ts'
import { UnsampledCopy } from './spans/unsampled-copy.ts'

export interface FollowOptions {
  /** A span for each call, around those of its attempts. Default true. */
  readonly callSpans?: boolean
  /** `http.client.*` and `rpc.client.*` of each attempt. Default true. */
  readonly clientMetrics?: boolean
  /** OTEL_SEMCONV_STABILITY_OPT_IN. */
  readonly stability?: string | undefined
}

/** As OpenTelemetry's own packages know it; exporters set it around what they send. */
const suppressed: symbol = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING')

/** What is registered with the API, by whichever copy of it. */
interface Registered {
  readonly trace?: unknown
  readonly metrics?: unknown
}

const registry = globalThis as unknown as Record<symbol, Registered | undefined>
const registryKey = Symbol.for('opentelemetry.js.api.1')

/** How often it is looked whether an SDK has come, while there is none. */
const lookMs = 1_000

/**
 * @param metrics what the mesh counts, made when there is somebody to tell
 * @returns what ends it: an SDK is searched no more, and hears no more of what the mesh has counted
 */
export function followCalls(mesh: Mesh, metrics: () => MeshMetrics, options: FollowOptions = {}): () => void {
  let timer: TimerHandle
  let follower: Follower | undefined
  const look = (): void => {
    const registered = registry[registryKey]
    if (registered === undefined) timer = mesh.clock.setTimer(lookMs, look, true)
    else mesh.tracer = follower = new Follower(mesh, registered, metrics, options)
  }
  look()
  return () => {
    mesh.clock.clearTimer(timer)
    follower?.stop()
  }
}

class Follower implements CallTracer {
  readonly #mesh: Mesh
  readonly #metrics: () => MeshMetrics
  readonly #options: FollowOptions
  /** Made once, and stays; what is in it may come and go. */
  readonly #registered: Registered
  #following: Following | undefined
  #stopExport: (() => void) | undefined
  #stopped = false

  constructor(mesh: Mesh, registered: Registered, metrics: () => MeshMetrics, options: FollowOptions) {
    this.#mesh = mesh
    this.#registered = registered
    this.#metrics = metrics
    this.#options = options
  }

  stop(): void {
    this.#stopped = true
    this.#stopExport?.()
  }

  callStarted(call: Call): CallTrace | undefined {
    const { trace: traces, metrics } = this.#registered
    return traces === undefined && metrics === undefined ? undefined : this.#follow(call, traces, metrics)
  }

  #follow(call: Call, traces: unknown, metrics: unknown): CallTrace | undefined {
    const following = this.#provide(traces, metrics)
    if (call.mirrorOf !== undefined) {
      const original = call.mirrorOf.trace
      return original instanceof FollowedCall ? new UnsampledCopy(original, suppressed) : undefined
    }
    const around = context.active()
    if (around.getValue(suppressed) === true) return undefined
    return this.#belonging(call, around, following)
  }

  /** Where a call belongs: to the span that is active, else to the one that its headers name, inherited ones too. */
  #belonging(call: Call, around: Context, following: Following): FollowedCall {
    const active = trace.getSpanContext(around)
    if (active !== undefined && isSpanContextValid(active)) return new FollowedCall(call, around, following)
    const { headers = [] } = this.#mesh.surroundings?.current() ?? {}
    const { view } = call
    // now: later the view tells of what is sent
    const own = propagation.extract(around, view, headersOf)
    if (headers.length === 0) return new FollowedCall(call, own, following)
    const inherited = propagation.extract(around, new ScopedView(view, headers), headersOf)
    return new FollowedCall(call, inherited, following, own)
  }

  /** What there is to tell to; another one where an SDK has come or gone. */
  #provide(traces: unknown, metrics: unknown): Following {
    const before = this.#following
    if (before !== undefined && before.traces === traces && before.metrics === metrics) return before
    const { callSpans = true, clientMetrics = true, stability } = this.#options
    const conventions = conventionsOf(stability)
    if (before?.metrics !== metrics) {
      this.#stopExport?.()
      this.#stopExport = metrics === undefined || this.#stopped ? undefined : exportFamilies(this.#metrics())
    }
    this.#following = {
      traces,
      metrics,
      callSpans,
      conventions,
      suppressed,
      clock: this.#mesh.clock,
      tracer: traces === undefined ? undefined : trace.getTracer('proxyless'),
      client: metrics === undefined || !clientMetrics ? undefined : new ClientMetrics(conventions),
    }
    return this.#following
  }
}
