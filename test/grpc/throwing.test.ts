// An application that throws where it hears of its call, in a process that outlives it: other calls go on.
import { meshChannel } from '@proxyless/grpc'
import { expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { GrpcClient } from '../kit/grpc-calls.ts'
import { startMesh } from '../kit/mesh.ts'
import { closeAfterEach, opened } from '../kit/opened.ts'
import { startRawGrpc } from '../kit/raw-grpc-server.ts'

closeAfterEach()

test('a stream that nobody listens to fails beside a call that waits for the same connection', async () => {
  const dead = await startRawGrpc(() => undefined)
  await dead.close()
  const mesh = opened(
    await startMesh(config([host(['ratings'], [route(forward('c'))])], [cluster('c', [endpoint(dead.authority)])])),
  )
  using client = new GrpcClient('ratings', meshChannel(mesh))
  const uncaught: unknown[] = []
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error) => uncaught.push(error))
  try {
    client.serverStream('/t/Server')
    expect(await client.unary('/t/Unary')).toMatchObject({ code: 14 })
    expect(uncaught).toMatchObject([{ code: 14 }])
  } finally {
    process.removeAllListeners('uncaughtException')
    for (const other of others) process.on('uncaughtException', other)
  }
})
