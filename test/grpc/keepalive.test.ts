// Connections that look alive and are not: the client's keepalive options hold for the connections of the mesh.
import { meshChannel } from '@proxyless/grpc'
import { expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { GrpcClient } from '../kit/grpc-calls.ts'
import { closeAfterEach, mesh, opened } from '../kit/opened.ts'
import { answerWith, startRawGrpc } from '../kit/raw-grpc-server.ts'
import { startTunnel } from '../kit/tunnel.ts'
import { until } from '../kit/until.ts'

closeAfterEach()

const meshTo = (authority: string): ReturnType<typeof mesh> =>
  mesh(config([host(['ratings'], [route(forward('c'))])], [cluster('c', [endpoint(authority)])]))

const keepalive = { 'grpc.keepalive_time_ms': 50 }

test('a connection is pinged as often as its client says, without calls where it says so', async () => {
  const server = opened(await startRawGrpc((stream) => answerWith(stream, 'ok')))
  let pings = 0
  server.server.on('session', (session) => session.on('ping', () => pings++))
  const m = await meshTo(server.authority)
  using client = new GrpcClient('ratings', {
    ...meshChannel(m),
    ...keepalive,
    'grpc.keepalive_timeout_ms': 30_000,
    'grpc.keepalive_permit_without_calls': 1,
  })
  expect(await client.unary('/t/Unary')).toMatchObject({ code: 0 })
  await until(() => pings > 2)
  expect(server.accepted()).toBe(1)
})

test('a peer that has fallen silent is noticed: its calls end, and new ones get another connection', async () => {
  const server = opened(
    await startRawGrpc((stream, { ':path': path }) => path !== '/t/Wait' && answerWith(stream, 'ok')),
  )
  const tunnel = opened(await startTunnel(server.authority))
  const m = await meshTo(tunnel.authority)
  using client = new GrpcClient('ratings', { ...meshChannel(m), ...keepalive, 'grpc.keepalive_timeout_ms': 1_000 })
  const waiting = client.unary('/t/Wait')
  await until(() => server.requests.length === 1)
  tunnel.silence()
  expect(await waiting).toMatchObject({ code: 14 })
  expect(await client.unary('/t/Unary')).toMatchObject({ code: 0 })
  expect(tunnel.accepted()).toBe(2)
  const [seen] = m.status().clusters.filter(({ name }) => name === 'c')
  expect(seen?.endpoints.map(({ failedRequests }) => failedRequests)).toEqual([1])
})
