// mesh.install({ grpc }): grpc-js clients that know of no mesh, made after it.
import { grpcClients } from '@proxyless/grpc'
import { afterEach, expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { type GrpcBackend, startGrpc } from '../kit/grpc-backend.ts'
import { GrpcClient } from '../kit/grpc-calls.ts'
import { closeAfterEach, mesh, opened } from '../kit/opened.ts'

closeAfterEach()

const clients: GrpcClient[] = []

afterEach(() => {
  for (const client of clients.splice(0)) client.close()
})

async function named(name: string): Promise<GrpcBackend> {
  return opened(await startGrpc({ unary: { '/t/Who': (_call, answer) => answer(null, Buffer.from(name)) } }))
}

async function who(target: string, options: object = {}): Promise<string> {
  const client = new GrpcClient(target, options)
  clients.push(client)
  const { code, message } = await client.unary('/t/Who', '', undefined, { deadline: Date.now() + 20_000 })
  return message?.toString() ?? String(code)
}

const grpc = grpcClients(import.meta.url)

test('their calls are led to hosts that the mesh knows; all else goes as before, and later clients again', async () => {
  const [inside, outside] = [await named('inside'), await named('outside')]
  const c = cluster('c', [endpoint(inside.authority)], { protocol: 'http2' })
  const m = await mesh(config([host(['ratings'], [route(forward('c'))])], [c]))
  {
    using _installed = m.install({ grpc })
    expect(await who('ratings:9080')).toBe('inside')
    expect(await who('dns:///ratings:9080')).toBe('inside')
    expect(await who(outside.authority)).toBe('outside')
    // what configures a mesh is marked
    expect(await who(outside.authority, { 'proxyless.unmeshed': 1 })).toBe('outside')
    await m.apply(config([host(['127.0.0.1'], [route(forward('c'))])], [c]))
    expect(await who(outside.authority)).toBe('inside')
    expect(await who(outside.authority, { 'proxyless.unmeshed': 1 })).toBe('outside')
  }
  expect(await who(outside.authority)).toBe('outside')
})

test('a client stays where it is made, and is led as soon as a configuration claims its host', async () => {
  const [inside, outside] = [await named('inside'), await named('outside')]
  const c = cluster('c', [endpoint(inside.authority)], { protocol: 'http2' })
  const m = await mesh(config([], [c]))
  using _installed = m.install({ grpc })
  const client = new GrpcClient(outside.authority)
  clients.push(client)
  expect((await client.unary('/t/Who')).message?.toString()).toBe('outside')
  await m.apply(config([host(['127.0.0.1'], [route(forward('c'))])], [c]))
  expect((await client.unary('/t/Who')).message?.toString()).toBe('inside')
})

test('an application without grpc-js has nothing to take in', () => {
  expect(grpcClients('/nowhere/main.js')).toBeUndefined()
})
