// Joins a mesh to OpenTelemetry. Until an SDK is registered, which may be later than the mesh, a call pays for a look at a property.
import { context, type Context, createContextKey, isSpanContextValid, propagation, trace } from '@opentelemetry/api'
import { type Call, type CallTrace, type CallTracer, type Mesh, ScopedView } from '@proxyless/core/spi'
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

/** @param metrics what the mesh counts, made when there is somebody to tell */
export function followCalls(mesh: Mesh, metrics: () => MeshMetrics, options: FollowOptions = {}): void {
  mesh.tracer = new Follower(mesh, metrics, options)
}

class Follower implements CallTracer {
  readonly #mesh: Mesh
  readonly #metrics: () => MeshMetrics
  readonly #options: FollowOptions
  #registered: Registered | undefined
  #following: Following | undefined

  constructor(mesh: Mesh, metrics: () => MeshMetrics, options: FollowOptions) {
    this.#mesh = mesh
    this.#metrics = metrics
    this.#options = options
  }

  callStarted(call: Call): CallTrace | undefined {
    // what an SDK registers with is made once, and stays
    const registered = (this.#registered ??= registry[registryKey])
    if (registered === undefined) return undefined
    const { trace: traces, metrics } = registered
    return traces === undefined && metrics === undefined ? undefined : this.#follow(call, traces, metrics)
  }

  #follow(call: Call, traces: unknown, metrics: unknown): CallTrace | undefined {
    const following = this.#provide(traces, metrics)
    if (call.mirrorOf !== undefined) {
      const original = call.mirrorOf.trace
      return original instanceof FollowedCall ? new UnsampledCopy(original.context, suppressed) : undefined
    }
    const around = context.active()
    if (around.getValue(suppressed) === true) return undefined
    return new FollowedCall(call, this.#contextOf(call, around), following)
  }

  /** Where a call belongs: to the span that is active, else to the one that its headers name, inherited ones too. */
  #contextOf(call: Call, around: Context): Context {
    const active = trace.getSpanContext(around)
    if (active !== undefined && isSpanContextValid(active)) return around
    const { headers = [] } = this.#mesh.surroundings?.current() ?? {}
    return propagation.extract(around, headers.length === 0 ? call.view : new ScopedView(call.view, headers), headersOf)
  }

  /** What there is to tell to; another one where an SDK has come or gone. */
  #provide(traces: unknown, metrics: unknown): Following {
    const before = this.#following
    if (before !== undefined && before.traces === traces && before.metrics === metrics) return before
    const { callSpans = true, clientMetrics = true, stability } = this.#options
    const conventions = conventionsOf(stability)
    const isMetered = metrics !== undefined && before?.metrics !== metrics
    if (isMetered) exportFamilies(this.#metrics())
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
