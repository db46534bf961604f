// The row `otel`: the built-in fetch with an SDK of OpenTelemetry and the instrumentation of undici on, through an installed mesh
// and without one.
import { context, metrics, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { createMesh } from 'proxyless'
import type { Bench } from '../harness/bench.ts'
import { mean, ratioOf, runRounds, type Slice } from '../harness/rounds.ts'
import { trimmedMean } from '../harness/statistics.ts'
import { GivenSource } from '../../kit/given-source.ts'
import { check } from '../world/calls.ts'
import { dispatchersInSlots, fetchIn } from '../world/fetch-slots.ts'
import { authority, reviewsConfig, target } from '../world/reviews.ts'
import { startUpstream } from '../world/upstream.ts'

export const otelBenches: readonly Bench[] = [benchOf(1), benchOf(50)]

const precision = 0.05

/**
 * What the mesh adds where an SDK is on: shown, not judged, as the price of spans is the SDK's. Not counted as the mesh's is what
 * the SDK itself takes for what the mesh has to tell beside the instrumentation, a span and a record of a histogram: measured in
 * the same rounds, told by hand around a call that only the instrumentation watches (`told`). The instrumentation's own span and
 * record are on both sides; through the mesh its span is the attempt's.
 */

function benchOf(concurrency: number): Bench {
  const name = `otel c${concurrency}`
  return {
    name,
    runs: 3,
    flags: [],
    async measure() {
      const upstream = await startUpstream()
      const watch = startSdk()
      const mesh = await createMesh({ config: new GivenSource(reviewsConfig(upstream.ports)) })
      const without = dispatchersInSlots()
      mesh.install()
      const installed = dispatchersInSlots()
      const urls = upstream.ports.map((port) => `http://127.0.0.1:${port}${target}`)
      const slices = await runRounds(
        {
          ours: { call: watched(true, fetchIn(installed, [`http://${authority}${target}`])) },
          base: { call: told(watched(true, fetchIn(without, urls))) },
          twin: { call: told(watched(true, fetchIn(without, urls))) },
          alone: { call: watched(true, fetchIn(without, urls)) },
          bare: { call: watched(false, fetchIn(without, urls)) },
        },
        { rounds: 80, calls: 600, warmUpRounds: 6, precision: precision / 2, concurrency },
      )
      await mesh.close()
      upstream.close()
      const base = mean(slices.base, slices.twin)
      const ratio = ratioOf(slices.ours, base, trimmedMean)
      const control = ratioOf(slices.twin, slices.base, trimmedMean)
      const [all, both, alone, bare] = [slices.ours, base, slices.alone, slices.bare].map(cpuOf) as Numbers
      const shares = [alone - bare, both - alone, all - both].map((part) => share(part, all - bare))
      const note = `of ${(all - bare).toFixed(0)} us more than a bare fetch ${shares[0]} are the instrumentation's, ${shares[1]} those of one more span and record, ${shares[2]} the mesh's`
      const figure = { name, unit: 'us CPU/call', precision, note }
      return [{ ...figure, ...ratio, control: control.ratio, controlCi: control.ci }]

      /** Whether the instrumentation sees the call, and so makes a span of it where the mesh does not. */
      function watched(on: boolean, call: () => Promise<Response>): () => Promise<void> {
        return async () => {
          watch.on = on
          const response = await call()
          check(response.status, (await response.text()).length)
        }
      }
    },
  }
}

type Numbers = [number, number, number, number]

function cpuOf(slices: readonly Slice[]): number {
  return trimmedMean(slices.map(({ cpu }) => cpu))
}

function share(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(0)} %`
}

/** A span with the attributes that the mesh gives that of a call, and a record with those of an attempt. */
function told(call: () => Promise<void>): () => Promise<void> {
  const tracer = trace.getTracer('bench')
  const histogram = metrics.getMeter('bench').createHistogram('http.client.request.duration', { unit: 's' })
  const begun = { 'http.request.method': 'GET', 'server.address': 'reviews.bench', 'server.port': 9_080 }
  return async () => {
    const startedAtMs = performance.now()
    const span = tracer.startSpan(`${authority}/*`, { attributes: begun })
    await call()
    histogram.record((performance.now() - startedAtMs) / 1_000, { ...begun, 'http.response.status_code': 200 })
    span.setAttributes({
      'mesh.route.name': 'default',
      'mesh.cluster': 'reviews',
      'mesh.response_flags': '-',
      'mesh.attempts': 1,
      'http.response.status_code': 200,
      'upstream.address': '127.0.0.1:9080',
    })
    span.end()
  }
}

/** Spans and metrics are made and thrown away. */
function startSdk(): { on: boolean } {
  const watch = { on: false }
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  const exporter = {
    export: (_spans: unknown, done: (result: { code: number }) => void) => done({ code: 0 }),
    shutdown: () => Promise.resolve(),
  }
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] }))
  const reader = new PeriodicExportingMetricReader({
    exporter: new InMemoryMetricExporter(AggregationTemporality.DELTA),
    exportIntervalMillis: 1e8,
  })
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
  new UndiciInstrumentation({ ignoreRequestHook: () => !watch.on })
  return watch
}
