// Active health checks by gRPC: what servers say of themselves, over real sockets.
import type { GrpcHealthCheck } from '@proxyless/core/spi'
import { meshChannel } from '@proxyless/grpc'
import { expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { GrpcClient } from '../kit/grpc-calls.ts'
import { closeAfterEach, mesh, opened } from '../kit/opened.ts'
import { answerWith, type RawGrpcServer, startRawGrpc, trailersOnly } from '../kit/raw-grpc-server.ts'
import { until } from '../kit/until.ts'

closeAfterEach()

const serving = Buffer.from([8, 1])
const notServing = Buffer.from([8, 2])

const check: GrpcHealthCheck = {
  kind: 'grpc',
  serviceName: 'ratings',
  timeoutMs: 5_000,
  intervalMs: 20,
  noTrafficIntervalMs: 20,
  unhealthyThreshold: 3,
  healthyThreshold: 1,
}

/** Answers calls with its name, and checks with what `health` says: a message, or a status. */
async function server(name: string, health: () => Buffer | number, asked: Buffer[] = []): Promise<RawGrpcServer> {
  return opened(
    await startRawGrpc((stream, headers) => {
      if (headers[':path'] !== '/grpc.health.v1.Health/Check') return answerWith(stream, name)
      stream.on('data', (chunk: Buffer) => asked.push(chunk))
      stream.on('end', () => {
        const said = health()
        if (typeof said === 'number') trailersOnly(stream, said)
        else answerWith(stream, said)
      })
    }),
  )
}

async function clientOf(...servers: RawGrpcServer[]): Promise<() => Promise<string>> {
  const endpoints = servers.map(({ authority }) => endpoint(authority))
  const m = await mesh(
    config([host(['ratings'], [route(forward('c'))])], [cluster('c', endpoints, { healthCheck: check })]),
  )
  const client = new GrpcClient('ratings', meshChannel(m))
  opened({
    close: () => {
      client.close()
      return Promise.resolve()
    },
  })
  return async () => {
    const { message, details } = await client.unary('/t/Who')
    return message?.toString() ?? details
  }
}

test('only endpoints that serve get calls, and again once they do; the service is asked for by its name', async () => {
  let health = notServing
  const asked: Buffer[] = []
  const one = await server('one', () => serving)
  const other = await server('other', () => health, asked)
  const who = await clientOf(one, other)
  expect([await who(), await who(), await who()]).toEqual(['one', 'one', 'one'])
  expect(asked[0]?.subarray(5).toString('latin1')).toBe('\n\u0007ratings')
  health = serving
  await until(async () => (await who()) === 'other')
  health = notServing
  await until(async () => (await who()) === 'one' && (await who()) === 'one' && (await who()) === 'one')
})

test.each([
  ['a status that is no success', 12],
  ['an unknown service', Buffer.from([8, 3])],
  ['an answer without a status', Buffer.alloc(0)],
])('%s is a failure', async (_what, said) => {
  const who = await clientOf(await server('one', () => said))
  expect(await who()).toBe('no healthy upstream')
})

test('checks keep one connection, which closes with the mesh', async () => {
  const one = await server('one', () => serving)
  const who = await clientOf(one)
  expect(await who()).toBe('one')
  await until(() => one.requests.length > 5)
  expect(one.accepted()).toBe(2)
})
