// A mesh that is closed leaves no socket and no timer in its process. A file of its own: nothing else is open in it.
import { setImmediate } from 'node:timers/promises'
import { Metadata } from '@grpc/grpc-js'
import { meshChannel } from '@proxyless/grpc'
import { expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { GrpcClient } from '../kit/grpc-calls.ts'
import { startMesh } from '../kit/mesh.ts'
import { answerWith, startRawGrpc } from '../kit/raw-grpc-server.ts'
import { until } from '../kit/until.ts'

const sockets = (): string[] => process.getActiveResourcesInfo().filter((name) => /TCP|TLS|Req/.test(name))
const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

test('after calls that went well, failed and waited, with deadlines of an hour', async () => {
  const server = await startRawGrpc((stream, { ':path': path }) => path !== '/t/Wait' && answerWith(stream, 'ok'))
  const dead = await startRawGrpc(() => undefined)
  await dead.close()
  await until(() => sockets().length === 1)
  const before = sockets()
  const timersBefore = timers()
  const mesh = await startMesh(
    config(
      [host(['ratings'], [route(forward('c'))]), host(['gone'], [route(forward('d'))])],
      [cluster('c', [endpoint(server.authority)]), cluster('d', [endpoint(dead.authority)])],
    ),
  )
  using client = new GrpcClient('ratings', meshChannel(mesh))
  using other = new GrpcClient('gone', meshChannel(mesh))
  const deadline = Date.now() + 3_600_000
  expect(await client.unary('/t/Unary', 'x', undefined, { deadline })).toMatchObject({ code: 0 })
  expect(await other.unary('/t/Unary', 'x', undefined, { deadline })).toMatchObject({ code: 14 })
  const waiting = other.unary('/t/Unary', 'x', new Metadata({ waitForReady: true }), { deadline })
  const underWay = client.unary('/t/Wait', 'x', undefined, { deadline })
  await until(() => server.requests.length === 2)
  expect(sockets().length).toBeGreaterThan(before.length)
  await mesh.close()
  expect([(await waiting).code, (await underWay).code]).toEqual([14, 14])
  // what waits for sockets has timers of its own
  for (let turn = 0; turn < 1_000 && timers() > timersBefore; turn++) await setImmediate()
  expect(timers()).toBeLessThanOrEqual(timersBefore)
  await until(() => expect(sockets()).toEqual(before))
  await server.close()
})
