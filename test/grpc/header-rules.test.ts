// Header rules on gRPC calls: values that are not ASCII, lines that HTTP/2 has no place for.
import type { ForwardAction } from '@proxyless/core/spi'
import { Metadata } from '@grpc/grpc-js'
import { meshChannel } from '@proxyless/grpc'
import { expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { GrpcClient } from '../kit/grpc-calls.ts'
import { startMesh, type TestMesh } from '../kit/mesh.ts'
import { closeAfterEach, opened } from '../kit/opened.ts'
import { answerWith, startRawGrpc, trailersOnly } from '../kit/raw-grpc-server.ts'

closeAfterEach()

const setting = (name: string, value: string) => ({ remove: [], set: [{ name, value }], add: [] })

async function meshTo(authority: string, action: Partial<ForwardAction>): Promise<TestMesh> {
  const routes = [route(forward('c', action))]
  return opened(await startMesh(config([host(['ratings'], routes)], [cluster('c', [endpoint(authority)])])))
}

test('a value beyond ASCII reaches the server as the bytes of its UTF-8, as from Envoy', async () => {
  const server = opened(await startRawGrpc((stream) => answerWith(stream, 'ok')))
  const mesh = await meshTo(server.authority, { requestHeaders: setting('x-team', 'Müller') })
  using client = new GrpcClient('ratings', meshChannel(mesh))
  for (let i = 0; i < 2; i++) expect(await client.unary('/t/Unary')).toMatchObject({ code: 0 })
  const seen = server.requests.map((headers) => Buffer.from(String(headers['x-team']), 'latin1').toString())
  expect(seen).toEqual(['Müller', 'Müller'])
})

test.each([0, 5])('what Metadata cannot hold is left out of an answer of status %i', async (status) => {
  const server = opened(
    await startRawGrpc((stream) => (status === 0 ? answerWith(stream, 'ok') : trailersOnly(stream, status))),
  )
  const mesh = await meshTo(server.authority, { responseHeaders: setting('x-team', 'Müller') })
  using client = new GrpcClient('ratings', meshChannel(mesh))
  const { code, metadata, trailers } = await client.unary('/t/Unary')
  expect(code).toBe(status)
  expect([...(metadata?.get('x-team') ?? []), ...trailers.get('x-team')]).toEqual([])
})

test('headers of a connection are not sent, from rules or metadata: they would end it', async () => {
  const server = opened(await startRawGrpc((stream) => answerWith(stream, 'ok')))
  const mesh = await meshTo(server.authority, { requestHeaders: setting('keep-alive', '5') })
  using client = new GrpcClient('ratings', meshChannel(mesh))
  const metadata = new Metadata()
  metadata.set('connection', 'close')
  expect(await client.unary('/t/Unary', 'x', metadata)).toMatchObject({ code: 0 })
  expect(server.accepted()).toBe(1)
  expect(server.requests[0]).not.toHaveProperty('connection')
})
