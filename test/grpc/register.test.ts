// registerMesh: clients of which only the target is set behave as those that were given a channel of the mesh.
import { createRequire } from 'node:module'
import { registerMesh } from '@proxyless/grpc'
import { beforeAll, expect, test } from 'vitest'
import { application } from '../kit/application.ts'
import { buildPackages } from '../kit/built.ts'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { startGrpc } from '../kit/grpc-backend.ts'
import { GrpcClient } from '../kit/grpc-calls.ts'
import { closeAfterEach, mesh, opened } from '../kit/opened.ts'

closeAfterEach()
beforeAll(buildPackages, 120_000)

// each minor of grpc-js is asked for by its own name
const { resolve } = createRequire(import.meta.url)
const minors = ['@grpc/grpc-js', 'grpc-js-1.13', 'grpc-js-1.12']

test('targets of xds: and mesh: are led by the mesh, with retries elsewhere; others are not, nor any later', async () => {
  let tries = 0
  const server = opened(
    await startGrpc({
      unary: {
        '/t/Who': (call, answer) => {
          if (++tries % 2 === 1) answer({ code: 14, details: 'again' })
          else answer(null, Buffer.from(call.getHost()))
        },
      },
    }),
  )
  const retry = {
    numRetries: 1,
    retryOn: ['unavailable'] as const,
    retriableStatusCodes: [],
    backoffBaseMs: 1,
    backoffMaxMs: 1,
    avoidPreviousHosts: false,
    retryOtherPriorities: false,
  }
  const m = await mesh(
    config([host(['ratings'], [route(forward('c', { retry }))])], [cluster('c', [endpoint(server.authority)])]),
  )
  const ask = async (target: string): Promise<string> => {
    using client = new GrpcClient(target)
    const { message, code } = await client.unary('/t/Who')
    return message?.toString() ?? String(code)
  }
  {
    using _registered = registerMesh(m)
    expect(await ask('xds:///ratings:9080')).toBe('ratings:9080')
    expect(await ask('mesh:///ratings')).toBe('ratings')
    expect(await ask(server.authority)).toBe('14')
  }
  // a name that grpc-js looks up by itself
  tries = 1
  expect(await ask('mesh:///ratings')).toBe('14')
})

test.each(minors)('%s has the class where it is exchanged', (name) => {
  const module = createRequire(resolve(name))('./channel.js') as { ChannelImplementation: unknown }
  expect(module.ChannelImplementation).toBeTypeOf('function')
})

test('a process that has nothing else to do waits for the answer to its first call', async () => {
  const server = opened(await startGrpc({ unary: { '/t/Echo': (call, answer) => answer(null, call.request) } }))
  const [address = '', port = ''] = server.authority.split(':')
  const entry = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ratings }
spec:
  hosts: [ratings.example]
  resolution: STATIC
  ports: [{ number: 80, name: grpc, protocol: GRPC }]
  endpoints: [{ address: ${address}, ports: { grpc: ${port} } }]
`
  const main = `
import { Client, credentials } from '@grpc/grpc-js'
import { meshChannel } from '@proxyless/grpc'
import { createMesh } from 'proxyless'

const mesh = await createMesh({ config: './mesh' })
const client = new Client('ratings.example:80', credentials.createInsecure(), meshChannel(mesh))
const asIs = (bytes) => bytes
client.makeUnaryRequest('/t/Echo', asIs, asIs, Buffer.from('done'), (error, answer) => console.log(String(error ?? answer)))
`
  const app = opened(await application({ 'mesh/ratings.yaml': entry, 'app.mjs': main }))
  expect(await app.run(['app.mjs'])).toMatchObject({ out: 'done\n', code: 0 })
})
