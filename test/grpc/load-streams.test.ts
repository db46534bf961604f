// Endpoints that report their load by themselves (ORCA out-of-band, gRFC A51): one stream each, over a connection of its calls.
import type { ServerWritableStream } from '@grpc/grpc-js'
import { type Cluster, house, VirtualClock } from '@proxyless/core/spi'
import { meshChannel } from '@proxyless/grpc'
import { expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { type GrpcBackend, startGrpc } from '../kit/grpc-backend.ts'
import { GrpcClient } from '../kit/grpc-calls.ts'
import type { TestMesh } from '../kit/mesh.ts'
import { closeAfterEach, mesh, opened } from '../kit/opened.ts'
import { until } from '../kit/until.ts'

closeAfterEach()

// grpc-js has a service of its own since its 1.14
const { ServerMetricRecorder } = (await import('@grpc/grpc-js')) as {
  ServerMetricRecorder?: new () => {
    setCpuUtilizationMetric(value: number): void
    setQpsMetric(value: number): void
    addToServer(server: GrpcBackend['server']): void
  }
}

const weighted = {
  kind: 'clientWeightedRoundRobin',
  blackoutMs: 0,
  expiryMs: 180_000,
  updateMs: 1_000,
  errorPenalty: 1,
} as const

const configOf = (
  servers: readonly GrpcBackend[],
  loadBalancer: Cluster['loadBalancer'],
  more: Partial<Cluster> = {},
): ReturnType<typeof config> => {
  const endpoints = servers.map(({ authority }) => endpoint(authority))
  return config([host(['svc'], [route(forward('c'))])], [cluster('c', endpoints, { loadBalancer, ...more })])
}

const weightsIn = (m: TestMesh): (number | undefined)[] =>
  [...(m[house].cluster('c')?.endpoints() ?? [])].map(({ load }) =>
    load?.weightAt(0, { ...weighted, expiryMs: Infinity }),
  )

/** A server whose reporting the test holds in its hands. */
async function reporting(): Promise<
  GrpcBackend & { streams: Set<ServerWritableStream<Buffer, Buffer>>; asked: string[] }
> {
  const streams = new Set<ServerWritableStream<Buffer, Buffer>>()
  const asked: string[] = []
  const server = await startGrpc({
    unary: { '/t/Unary': (call, answer) => answer(null, call.request) },
    serverStream: {
      '/xds.service.orca.v3.OpenRcaService/StreamCoreMetrics': (call) => {
        asked.push(call.request.toString('hex'))
        streams.add(call)
        call.on('cancelled', () => streams.delete(call))
      },
    },
  })
  return Object.assign(opened(server), { streams, asked })
}

/** `cpu_utilization`, `rps_fractional` */
const reportOf = (utilization: number, rate: number): Buffer =>
  Buffer.concat([
    Buffer.from([0x09]),
    Buffer.from(new Float64Array([utilization]).buffer),
    Buffer.from([0x31]),
    Buffer.from(new Float64Array([rate]).buffer),
  ])

test('one stream for an endpoint, asked at the given interval, whose reports make its weight', async () => {
  const server = await reporting()
  const m = await mesh(configOf([server], { ...weighted, outOfBandMs: 5_000 }), { clock: new VirtualClock() })
  using client = new GrpcClient('svc', meshChannel(m))
  using other = new GrpcClient('svc', { ...meshChannel(m), 'grpc.max_receive_message_length': 1_000 })
  for (const each of [client, other, client, other]) expect((await each.unary('/t/Unary')).code).toBe(0)
  await until(() => server.streams.size === 1)
  expect(server.asked).toEqual(['0a0408051000'])
  const [stream] = server.streams
  stream?.write(reportOf(0.5, 100))
  await until(() => weightsIn(m)[0] === 200)
  stream?.write(reportOf(0.25, 100))
  await until(() => weightsIn(m)[0] === 400)
  expect(server.asked.length).toBe(1)
})

test('it ends with the policy that wants it, with the endpoint and with the mesh', async () => {
  const [one, two] = [await reporting(), await reporting()]
  const wanted = { ...weighted, outOfBandMs: 5_000 }
  const m = await mesh(configOf([one], wanted))
  using client = new GrpcClient('svc', meshChannel(m))
  const call = async (): Promise<void> => expect(await client.unary('/t/Unary')).toMatchObject({ code: 0 })
  await call()
  await until(() => one.streams.size === 1)
  await m.apply(configOf([one], weighted))
  await until(() => one.streams.size === 0)
  await call()
  await m.apply(configOf([one], wanted))
  await call()
  await until(() => one.streams.size === 1)
  await m.apply(configOf([two], wanted))
  await until(() => one.streams.size === 0)
  await call()
  await until(() => two.streams.size === 1)
  await m.close()
  await until(() => two.streams.size === 0)
})

test('it moves to another connection when its own goes', async () => {
  const server = await reporting()
  const m = await mesh(configOf([server], { ...weighted, outOfBandMs: 5_000 }))
  using client = new GrpcClient('svc', meshChannel(m))
  expect((await client.unary('/t/Unary')).code).toBe(0)
  await until(() => server.asked.length === 1)
  server.server.drain(server.authority, 60_000)
  await until(async () => {
    expect((await client.unary('/t/Unary')).code).toBe(0)
    return server.asked.length === 2
  })
})

test('a server without the service is asked once, and the reports in its answers count', async () => {
  const asked: string[] = []
  const server = opened(
    await startGrpc({
      unary: {
        '/t/Unary': (call, answer) => {
          asked.push(call.getPath())
          answer(null, call.request)
        },
        '/xds.service.orca.v3.OpenRcaService/StreamCoreMetrics': (_call, answer) => {
          asked.push('reports')
          answer({ code: 12, details: 'no' })
        },
      },
    }),
  )
  const clock = new VirtualClock()
  const m = await mesh(configOf([server], { ...weighted, outOfBandMs: 5_000 }), { clock })
  using client = new GrpcClient('svc', meshChannel(m))
  await client.unary('/t/Unary')
  await until(() => asked.includes('reports'))
  clock.advance(1_000_000)
  for (let i = 0; i < 3; i++) await client.unary('/t/Unary')
  expect(asked.filter((each) => each === 'reports').length).toBe(1)
})

test.skipIf(ServerMetricRecorder === undefined)(
  "grpc-js' own service: a third of the utilisation, three times the calls",
  async () => {
    const calls = [0, 0]
    const servers: GrpcBackend[] = []
    for (const [n, utilization] of [0.2, 0.6].entries()) {
      const recorder = new ServerMetricRecorder!()
      recorder.setCpuUtilizationMetric(utilization)
      recorder.setQpsMetric(100)
      const server = await startGrpc({
        unary: {
          '/t/Unary': (call, answer) => {
            calls[n]!++
            answer(null, call.request)
          },
        },
      })
      recorder.addToServer(server.server)
      servers.push(opened(server))
    }
    const clock = new VirtualClock()
    const m = await mesh(configOf(servers, { ...weighted, outOfBandMs: 20 }), { clock })
    using client = new GrpcClient('svc', meshChannel(m))
    const call = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) expect((await client.unary('/t/Unary')).code).toBe(0)
    }
    await call(4)
    await until(() => weightsIn(m).every((weight) => weight !== undefined && weight > 0))
    clock.advance(2_000)
    await call(20)
    const [before = 0] = calls
    await call(80)
    expect(Math.abs(calls[0]! - before - 60)).toBeLessThanOrEqual(2)
  },
)
