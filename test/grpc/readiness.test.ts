// Whether a client could call: its connectivity state, connections made ahead of calls, and what becomes of those that fail.
import { connectivityState } from '@grpc/grpc-js'
import type { Cluster } from '@proxyless/core/spi'
import { meshChannel } from '@proxyless/grpc'
import { expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { GrpcClient } from '../kit/grpc-calls.ts'
import type { TestMesh } from '../kit/mesh.ts'
import { closeAfterEach, mesh as startMesh, opened } from '../kit/opened.ts'
import { answerWith, type RawGrpcServer, startRawGrpc } from '../kit/raw-grpc-server.ts'
import { until } from '../kit/until.ts'

closeAfterEach()

const configOf = (authority: string, more: Partial<Cluster> = {}): ReturnType<typeof config> =>
  config([host(['ratings'], [route(forward('c'))])], [cluster('c', [endpoint(authority)], more)])
const meshTo = ({ authority }: RawGrpcServer, more: Partial<Cluster> = {}): Promise<TestMesh> =>
  startMesh(configOf(authority, more))
const echoing = async (): Promise<RawGrpcServer> => opened(await startRawGrpc((stream) => answerWith(stream, 'ok')))
const dead = async (): Promise<RawGrpcServer> => {
  const server = await echoing()
  await server.close()
  return server
}

const ready = (client: GrpcClient): Promise<void> =>
  new Promise((resolve, reject) =>
    client.waitForReady(Date.now() + 60_000, (error) => (error === undefined ? resolve() : reject(error))),
  )
const stateOf = (client: GrpcClient): connectivityState => client.getChannel().getConnectivityState(false)
const leaves = (client: GrpcClient, state: connectivityState): Promise<void> =>
  new Promise((resolve) => client.getChannel().watchConnectivityState(state, Infinity, () => resolve()))

test('connections are made ahead where the client waits for readiness, and the state can be watched', async () => {
  const server = opened(await echoing())
  const mesh = await meshTo(server)
  using client = new GrpcClient('ratings', meshChannel(mesh))
  const channel = client.getChannel()
  expect(channel.getConnectivityState(false)).toBe(connectivityState.IDLE)
  await ready(client)
  expect(channel.getConnectivityState(false)).toBe(connectivityState.READY)
  expect(server.accepted()).toBe(1)
  const changed = leaves(client, connectivityState.READY)
  for (const session of server.sessions) session.destroy()
  await changed
  expect(channel.getConnectivityState(false)).toBe(connectivityState.IDLE)
  client.close()
  expect(channel.getConnectivityState(false)).toBe(connectivityState.SHUTDOWN)
})

test('a client is ready by the connection that another of its lane has', async () => {
  const server = await echoing()
  const mesh = await meshTo(server)
  using one = new GrpcClient('ratings', meshChannel(mesh))
  using other = new GrpcClient('ratings', meshChannel(mesh))
  expect(await one.unary('/t/Unary')).toMatchObject({ code: 0 })
  await ready(other)
  expect([stateOf(other), server.accepted()]).toEqual([connectivityState.READY, 1])
})

test('an endpoint that cannot be reached is a transient failure', async () => {
  const mesh = await meshTo(await dead())
  using client = new GrpcClient('ratings', meshChannel(mesh))
  client.getChannel().getConnectivityState(true)
  await until(() => stateOf(client) === connectivityState.TRANSIENT_FAILURE)
})

test('so is one whose TLS files cannot be read', async () => {
  const tls = { subjectAltNames: [], verify: true, caFile: '/nowhere/ca.pem' }
  const mesh = await meshTo(await echoing(), { tls })
  using client = new GrpcClient('ratings', meshChannel(mesh))
  client.getChannel().getConnectivityState(true)
  await until(() => stateOf(client) === connectivityState.TRANSIENT_FAILURE)
})

test('who waits for readiness gets it when an endpoint can be reached later', async () => {
  const mesh = await meshTo(await dead())
  using client = new GrpcClient('ratings', meshChannel(mesh))
  const over = ready(client)
  await until(() => stateOf(client) === connectivityState.TRANSIENT_FAILURE)
  const server = await echoing()
  await mesh.apply(configOf(server.authority))
  await over
  expect(stateOf(client)).toBe(connectivityState.READY)
})
