// What a source is asked for when a grpc-js client calls a name that no configuration has yet.
import type { MeshConfig } from '@proxyless/core/spi'
import { meshChannel } from '@proxyless/grpc'
import { createMesh } from 'proxyless'
import { expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { GivenSource } from '../kit/given-source.ts'
import { startGrpc } from '../kit/grpc-backend.ts'
import { GrpcClient } from '../kit/grpc-calls.ts'
import { closeAfterEach, opened } from '../kit/opened.ts'

closeAfterEach()

/** Has what it is asked for at once. */
class AskedSource extends GivenSource {
  readonly asked: string[] = []
  readonly #answer: MeshConfig

  constructor(first: MeshConfig, answer: MeshConfig) {
    super(first)
    this.#answer = answer
  }

  want(name: string): void {
    this.asked.push(name)
    this.give(this.#answer)
  }
}

const unknownHosts = { kind: 'ask', origin: { resource: 'test', path: '' } } as const

test.each([
  ['xds:///reviews:80', 'reviews:80', 'reviews'],
  ['xds:///listener_0', 'listener_0', 'listener_0'],
  ['xds://traffic/listener_0', 'xds://traffic/listener_0', 'listener_0'],
  ['mesh:///Reviews', 'reviews:443', 'reviews'],
])('N2 a call to %s asks for %s, and is answered by %s', async (target, asked, name) => {
  const server = opened(await startGrpc({ unary: { '/t/Echo': (call, answer) => answer(null, call.request) } }))
  const answer = config([host([name], [route(forward('c'))])], [cluster('c', [endpoint(server.authority)])], {
    unknownHosts,
  })
  const source = new AskedSource(config([], [], { unknownHosts }), answer)
  const mesh = opened(await createMesh({ config: source }))
  using client = new GrpcClient(target, meshChannel(mesh))
  expect(await client.unary('/t/Echo', 'x')).toMatchObject({ code: 0 })
  expect(source.asked).toEqual([asked])
})
