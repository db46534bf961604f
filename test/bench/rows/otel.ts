// The row `otel`: the built-in fetch with an SDK of OpenTelemetry on, through an installed mesh and watched by the instrumentation of undici alone.
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
import { median } from '../harness/statistics.ts'
import { GivenSource } from '../../kit/given-source.ts'
import { check } from '../world/calls.ts'
import { dispatchersInSlots, fetchIn } from '../world/fetch-slots.ts'
import { authority, reviewsConfig, target } from '../world/reviews.ts'
import { startUpstream } from '../world/upstream.ts'

export const otelBenches: readonly Bench[] = [benchOf(1), benchOf(50)]

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
      const bare = watched(false, fetchIn(without, urls))
      const slices = await runRounds(
        {
          ours: { call: watched(true, fetchIn(installed, [`http://${authority}${target}`])) },
          base: { call: watched(true, fetchIn(without, urls)) },
          twin: { call: watched(true, fetchIn(without, urls)) },
          bare: { call: bare },
        },
        { rounds: 50, calls: concurrency === 1 ? 400 : 1_000, concurrency },
      )
      await mesh.close()
      upstream.close()
      const control = ratioOf(slices.twin, slices.base).ratio
      const [ours, base, without_] = [slices.ours, mean(slices.base, slices.twin), slices.bare].map(cpuOf) as [
        number,
        number,
        number,
      ]
      const share = (100 * (ours - base)) / (ours - without_)
      return [
        {
          name,
          unit: 'us CPU/call',
          ...ratioOf(slices.ours, mean(slices.base, slices.twin)),
          target: 1.15,
          control,
          note: `of ${(ours - without_).toFixed(1)} us more than a bare fetch the mesh's own are ${share.toFixed(0)} %`,
        },
      ]

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

function cpuOf(slices: readonly Slice[]): number {
  return median(slices.map(({ cpu }) => cpu))
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
