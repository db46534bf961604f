// A deadline goes from hop to hop as what is left of it, holds while a request is being answered, and not after.
import { Metadata } from '@grpc/grpc-js'
import { meshChannel, inboundInterceptor } from '@proxyless/grpc'
import type { Mesh } from 'proxyless'
import { expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { startGrpc } from '../kit/grpc-backend.ts'
import { GrpcClient } from '../kit/grpc-calls.ts'
import { closeAfterEach, mesh, opened } from '../kit/opened.ts'
import { callBehind, meshBefore, type Seen, served } from './service.ts'
import { visit } from './visitors.ts'

closeAfterEach()

test.each([
  ['x-mesh-deadline-ms', '60000'],
  ['x-envoy-expected-rq-timeout-ms', '60000'],
])('%s of the request is told to whoever is called for it, as what is left', async (name, value) => {
  const m = await meshBefore()
  const port = await served((_request, response) => {
    void callBehind(m).then((seen) => response.end(JSON.stringify(seen)))
  })
  const [seen] = await visit(port, [{ headers: { [name]: value } }])
  expect(seen?.deadlineMs).toBeLessThanOrEqual(60_000)
  expect(seen?.deadlineMs).toBeGreaterThan(30_000)
})

test('one that is spent fails the call: 504 DT, and nobody is asked', async () => {
  const m = await meshBefore()
  const answers: Response[] = []
  const port = await served((_request, response) => {
    void m.fetch('http://behind/').then((answer) => {
      answers.push(answer)
      response.end('{}')
    })
  })
  await visit(port, [{ headers: { 'x-mesh-deadline-ms': '0' } }])
  const [answer] = answers
  expect([answer?.status, answer?.headers.get('x-mesh-response-flags')]).toEqual([504, 'DT'])
  expect(m.status().clusters.filter(({ inUse }) => inUse)).toEqual([])
})

test('what goes on after the answer is not held to it, and keeps the rest', async () => {
  const m = await meshBefore()
  let later: Promise<Seen> | undefined
  const port = await served((_request, response) => {
    response.end('{}')
    later = callBehind(m)
  })
  await visit(port, [{ headers: { 'x-mesh-deadline-ms': '0', 'end-user': 'jason' } }])
  expect(await later).toMatchObject({ endUser: 'jason' })
  expect((await later)?.deadlineMs).toBeUndefined()
})

test.each([
  ['by the interceptor', false],
  ['by both, where Node tells of it', true],
])('a server of grpc-js hands on what its call brought, %s', async (_, inbound) => {
  const behind = opened(
    await startGrpc({
      unary: {
        '/t/Behind': (call, answer) => {
          const [user] = call.metadata.get('end-user')
          const [deadline] = call.metadata.get('x-mesh-deadline-ms')
          const leftMs = Number(call.getDeadline()) - Date.now()
          answer(null, Buffer.from(JSON.stringify({ user, deadline: Number(deadline), leftMs })))
        },
      },
    }),
  )
  const c = cluster('c', [endpoint(behind.authority)], { protocol: 'http2' })
  const m: Mesh = await mesh(config([host(['behind'], [route(forward('c'))])], [c]), { inherit: ['end-user'], inbound })
  using inner = new GrpcClient('behind:9080', meshChannel(m))
  const ask = (answer: (error: null, value: Buffer) => void): void => {
    void inner.unary('/t/Behind').then(({ message, details }) => answer(null, message ?? Buffer.from(details)))
  }
  const front = opened(
    await startGrpc(
      {
        unary: { '/t/Unary': (_call, answer) => ask(answer) },
        clientStream: {
          '/t/Stream': (call, answer) => {
            call.on('data', () => undefined)
            call.on('end', () => ask(answer))
          },
        },
      },
      { interceptors: [inboundInterceptor(m)] },
    ),
  )
  using outer = new GrpcClient(front.authority)
  for (let i = 0; i < 20; i++) {
    const metadata = new Metadata()
    metadata.set('end-user', `user-${i}`)
    const options = { deadline: Date.now() + 60_000 }
    const answers = [
      outer.unary('/t/Unary', '', metadata, options),
      outer.clientStream('/t/Stream', [Buffer.from('a')], metadata),
    ]
    const [unary, stream] = await Promise.all(answers)
    const seen = JSON.parse(unary?.message?.toString() ?? '') as { user: string; deadline: number; leftMs: number }
    expect(seen.user).toBe(`user-${i}`)
    expect(seen.deadline).toBeLessThanOrEqual(60_000)
    expect(seen.deadline).toBeGreaterThan(30_000)
    expect(seen.leftMs).toBeLessThanOrEqual(60_000)
    expect(JSON.parse(stream?.message?.toString() ?? '')).toMatchObject({ user: `user-${i}` })
  }
})

test('a stream that its deadline ends is DEADLINE_EXCEEDED, whatever timeouts are', async () => {
  const behind = opened(
    await startGrpc({ serverStream: { '/t/Endless': (call) => void call.write(Buffer.from('a')) } }),
  )
  const c = cluster('c', [endpoint(behind.authority)], { protocol: 'http2' })
  const m = await mesh(config([host(['behind'], [route(forward('c'))])], [c]), { compat: { grpcTimeoutStatus: 14 } })
  using client = new GrpcClient('behind:9080', meshChannel(m))
  const stream = m.with({ deadlineMs: 300 }, () => client.serverStream('/t/Endless'))
  const ended = new Promise<Error>((resolve) => stream.on('error', resolve))
  stream.resume()
  expect(await ended).toMatchObject({ code: 4 })
})
