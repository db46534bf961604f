// Spans and metrics of the mesh arrive at the OpenTelemetry Collector's own OTLP receiver, sent by OpenTelemetry's exporters.
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../../kit/config.ts'
import { freePort } from '../../kit/free-port.ts'
import { backend, closeAfterEach, mesh } from '../../kit/opened.ts'
import { until } from '../../kit/until.ts'
import { goBinaries } from '../go-binaries.ts'

closeAfterEach()

const sources = fileURLToPath(new URL('collector', import.meta.url))
const binaries = await goBinaries({ name: 'otel-collector', sources, packages: { collector: '.' }, timeoutMs: 900_000 })

interface OtlpSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly attributes: readonly { readonly key: string; readonly value: object }[]
  readonly status?: { readonly code?: number }
}

interface OtlpTraces {
  readonly ready?: boolean
  readonly resourceSpans?: readonly { readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[] }[]
}

describe.skipIf(binaries === undefined)('the OpenTelemetry Collector', () => {
  let collector: ChildProcess
  const told: OtlpTraces[] = []
  let address = ''

  beforeAll(async () => {
    address = `127.0.0.1:${await freePort()}`
    collector = spawn(join(binaries ?? '', 'collector'), [address], { stdio: ['ignore', 'pipe', 'inherit'] })
    createInterface({ input: collector.stdout! }).on('line', (line) => told.push(JSON.parse(line) as OtlpTraces))
    await until(() => told.some(({ ready }) => ready === true), 30_000)
  }, 60_000)

  afterAll(() => void collector.kill())

  test('takes the spans of a call and its attempts; sending them, through the same mesh, makes none', async () => {
    const b = await backend()
    const retry = {
      numRetries: 1,
      retryOn: ['5xx'] as const,
      retriableStatusCodes: [],
      perTryTimeoutMs: 0,
      backoffBaseMs: 1,
      backoffMaxMs: 1,
      avoidPreviousHosts: false,
      retryOtherPriorities: false,
    }
    const hosts = [host(['reviews'], [route(forward('c', { retry }))])]
    const exporter = new OTLPTraceExporter({ url: `http://${address}/v1/traces` })
    const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] })
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    trace.setGlobalTracerProvider(provider)
    // a mesh looks for an SDK when it starts, and once a second
    const m = await mesh(config(hosts, [cluster('c', [endpoint(b.authority)])]))
    using _installed = m.install()
    try {
      b.answerNext({ status: 503 })
      await (await m.fetch('http://reviews:9080/x')).text()
      await provider.forceFlush()
      await until(() => spansOf(told).length > 0)
      await provider.forceFlush()
    } finally {
      trace.disable()
      context.disable()
      await provider.shutdown()
    }
    const spans = spansOf(told)
    const call = spans.find(({ name }) => name === 'reviews:9080/*')
    const attempts = spans.filter(({ name }) => name === 'GET')
    expect([spans.length, call?.kind, attempts.map(({ kind }) => kind)]).toEqual([3, 1, [3, 3]])
    expect(attempts.map(({ parentSpanId }) => parentSpanId)).toEqual([call?.spanId, call?.spanId])
    expect(attempts[0]?.attributes).toContainEqual({ key: 'http.response.status_code', value: { intValue: '503' } })
    expect(attempts.map(({ status }) => status?.code ?? 0)).toEqual([2, 0])
  })
})

function spansOf(told: readonly OtlpTraces[]): OtlpSpan[] {
  return told.flatMap(({ resourceSpans = [] }) =>
    resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
  )
}
