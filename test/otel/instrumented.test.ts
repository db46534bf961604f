// An application that OpenTelemetry's own instrumentations of http, undici and grpc watch, on the mesh: no request is told twice.
import { beforeAll, expect, test } from 'vitest'
import { application } from '../kit/application.ts'
import { buildPackages } from '../kit/built.ts'
import { startGrpc } from '../kit/grpc-backend.ts'
import { backend, closeAfterEach, opened } from '../kit/opened.ts'

closeAfterEach()
beforeAll(buildPackages, 120_000)

const otel = `
const { context, propagation, trace, SpanKind } = require('@opentelemetry/api')
const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks')
const { W3CTraceContextPropagator } = require('@opentelemetry/core')
const { GrpcInstrumentation } = require('@opentelemetry/instrumentation-grpc')
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http')
const { UndiciInstrumentation } = require('@opentelemetry/instrumentation-undici')
const { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-base')
const exporter = new InMemorySpanExporter()
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
propagation.setGlobalPropagator(new W3CTraceContextPropagator())
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }))
globalThis.instrumentations = [new HttpInstrumentation(), new UndiciInstrumentation(), new GrpcInstrumentation()]
globalThis.tree = (parent) => exporter.getFinishedSpans()
  .filter((span) => span.parentSpanContext?.spanId === parent)
  .sort((a, b) => a.startTime[0] - b.startTime[0] || a.startTime[1] - b.startTime[1])
  .flatMap((span) => [
    SpanKind[span.kind] + ' ' + span.name + ' of ' + span.instrumentationScope.name,
    ...globalThis.tree(span.spanContext().spanId).map((line) => '  ' + line),
  ])
globalThis.work = (name, deed) => trace.getTracer('app').startActiveSpan(name, async (span) => {
  try { return await deed() } finally { span.end() }
})
`

const app = `
const http = require('node:http')
const grpc = require('@grpc/grpc-js')
const alive = setInterval(() => {}, 1_000)
const agent = new http.Agent({ keepAlive: true })
const byHttp = () => new Promise((resolve, reject) => {
  http.get('http://reviews.example/b', { agent }, (response) => response.resume().on('end', resolve)).on('error', reject)
})
const asIs = (bytes) => bytes
const Client = grpc.makeGenericClientConstructor({
  who: { path: '/t.Svc/Who', requestStream: false, responseStream: false, requestSerialize: asIs, requestDeserialize: asIs, responseSerialize: asIs, responseDeserialize: asIs },
}, 'Svc')
const client = new Client('ratings.example:90', grpc.credentials.createInsecure())
const byGrpc = () => new Promise((resolve, reject) => client.who(Buffer.from('x'), (error, answer) => (error ? reject(error) : resolve(answer))))
;(async () => {
  await work('fetch', () => fetch('http://reviews.example/a').then((response) => response.text()))
  // twice: the second goes over the connection that the first has opened
  await work('http 1', byHttp)
  await work('http 2', byHttp)
  await work('grpc', byGrpc)
  client.close()
  agent.destroy()
  clearInterval(alive)
  await new Promise(setImmediate)
  console.log(JSON.stringify(tree()))
})()
`

function entry(name: string, authority: string, port: number, protocol: string): string {
  const [address, own] = authority.split(':')
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name} }
spec:
  hosts: [${name}.example]
  resolution: STATIC
  ports: [{ number: ${port}, name: p, protocol: ${protocol} }]
  endpoints: [{ address: ${address}, ports: { p: ${own} } }]
`
}

test('a call by fetch has its span and one attempt; what a client has made a span of itself has an attempt below it', async () => {
  const b = await backend()
  const g = opened(await startGrpc({ unary: { '/t.Svc/Who': (_call, answer) => answer(null, Buffer.from('me')) } }))
  const files = {
    'otel.cjs': otel,
    'app.cjs': app,
    'mesh/reviews.yaml': entry('reviews', b.authority, 80, 'HTTP'),
    'mesh/ratings.yaml': entry('ratings', g.authority, 90, 'GRPC'),
  }
  const it = opened(await application(files))
  const args = ['--require', './otel.cjs', '--import', 'proxyless/register', 'app.cjs']
  const { code, out, err } = await it.run(args, { PROXYLESS_CONFIG: './mesh' })
  expect([code, err]).toEqual([0, expect.stringMatching(/^proxyless: leads fetch, node:http, grpc-js; .*\n$/)])
  const byClient = (client: string): string => `  CLIENT GET of @opentelemetry/instrumentation-${client}`
  expect(JSON.parse(out)).toEqual([
    'INTERNAL fetch of app',
    '  INTERNAL reviews.example:80/* of proxyless',
    '    CLIENT GET of proxyless',
    'INTERNAL http 1 of app',
    byClient('http'),
    '    CLIENT GET of proxyless',
    'INTERNAL http 2 of app',
    byClient('http'),
    '    CLIENT GET of proxyless',
    'INTERNAL grpc of app',
    '  CLIENT grpc.t.Svc/Who of @opentelemetry/instrumentation-grpc',
    '    CLIENT t.Svc/Who of proxyless',
  ])
  expect(
    b.requests.map(({ headers }) => headers.filter((name) => name.toLowerCase() === 'traceparent').length),
  ).toEqual([1, 1, 1])
})
