// Load reports of gRPC servers in their trailers (ORCA per request): the weights of client-side weighted round robin follow from them.
import { VirtualClock } from '@proxyless/core/spi'
import { meshChannel } from '@proxyless/grpc'
import { expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { type GrpcBackend, type GrpcHandlers, startGrpc } from '../kit/grpc-backend.ts'
import { GrpcClient } from '../kit/grpc-calls.ts'
import { closeAfterEach, mesh, opened } from '../kit/opened.ts'

closeAfterEach()

// servers of grpc-js report since its 1.14
const { ServerMetricRecorder } = (await import('@grpc/grpc-js')) as Record<string, unknown>

test.skipIf(ServerMetricRecorder === undefined)(
  'an endpoint that reports a third of the utilisation gets three times the calls',
  async () => {
    const calls = { idle: 0, busy: 0 }
    const reporting = async (name: keyof typeof calls, utilisation: number): Promise<GrpcBackend> => {
      const handle: GrpcHandlers['unary'] = {
        '/t/Unary': (call, answer) => {
          calls[name]++
          call.getMetricsRecorder().recordCPUUtilizationMetric(utilisation)
          call.getMetricsRecorder().recordQpsMetric(100)
          answer(null, call.request)
        },
      }
      return opened(await startGrpc({ unary: handle }, { 'grpc.server_call_metric_recording': 1 }))
    }
    const endpoints = [await reporting('idle', 0.2), await reporting('busy', 0.6)].map((each) =>
      endpoint(each.authority),
    )
    const loadBalancer = {
      kind: 'clientWeightedRoundRobin',
      blackoutMs: 10_000,
      expiryMs: 180_000,
      updateMs: 1_000,
      errorPenalty: 1,
    } as const
    const clock = new VirtualClock()
    const m = await mesh(config([host(['svc'], [route(forward('c'))])], [cluster('c', endpoints, { loadBalancer })]), {
      clock,
    })
    using client = new GrpcClient('svc', meshChannel(m))
    const call = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) expect((await client.unary('/t/Unary')).code).toBe(0)
    }
    await call(40)
    expect(Math.abs(calls.idle - 20)).toBeLessThanOrEqual(1)
    clock.advance(10_000)
    await call(20)
    const before = calls.idle
    await call(80)
    expect(Math.abs(calls.idle - before - 60)).toBeLessThanOrEqual(2)
  },
)
