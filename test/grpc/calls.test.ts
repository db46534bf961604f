// Calls of grpc-js clients through the mesh, over real sockets: all four kinds, and what the mesh does for them.
import { meshChannel } from '@proxyless/grpc'
import { expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { type GrpcHandlers, startGrpc } from '../kit/grpc-backend.ts'
import { collect, GrpcClient } from '../kit/grpc-calls.ts'
import { startMesh } from '../kit/mesh.ts'
import { closeAfterEach, opened } from '../kit/opened.ts'

closeAfterEach()

const echo: GrpcHandlers = {
  unary: { '/t/Unary': (call, answer) => answer(null, call.request) },
  clientStream: {
    '/t/Client': (call, answer) => {
      const parts: Buffer[] = []
      call.on('data', (part: Buffer) => parts.push(part)).on('end', () => answer(null, Buffer.concat(parts)))
    },
  },
  serverStream: {
    '/t/Server': (call) => {
      for (let i = 0; i < 5; i++) call.write(Buffer.from(`${call.request.toString()}${i}`))
      call.end()
    },
  },
  bidi: {
    '/t/Bidi': (call) => {
      call.on('data', (part: Buffer) => call.write(part)).on('end', () => call.end())
    },
  },
}

test('all four kinds of calls go through', async () => {
  const server = opened(await startGrpc(echo))
  const mesh = opened(
    await startMesh(config([host(['ratings'], [route(forward('c'))])], [cluster('c', [endpoint(server.authority)])])),
  )
  using client = new GrpcClient('ratings:9080', meshChannel(mesh))
  expect(await client.unary('/t/Unary', 'hello')).toMatchObject({ code: 0, message: Buffer.from('hello') })
  const parts = ['a', 'b', 'c'].map((part) => Buffer.from(part))
  expect(await client.clientStream('/t/Client', parts)).toMatchObject({ code: 0, message: Buffer.from('abc') })
  const streamed = await collect(client.serverStream('/t/Server', 's'))
  expect(streamed.messages.map(String)).toEqual(['s0', 's1', 's2', 's3', 's4'])
  const bidi = client.bidi('/t/Bidi')
  for (const part of parts) bidi.write(part)
  bidi.end()
  expect((await collect(bidi)).messages.map(String)).toEqual(['a', 'b', 'c'])
})
