// The stream machine over real sockets on loopback: a grpc-js server, and servers that misbehave below gRPC.
import { Worker } from 'node:worker_threads'
import { createServer, type Server as TcpServer, type Socket } from 'node:net'
import {
  ChannelCredentials,
  getChannelzHandlers,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
} from '@grpc/grpc-js'
import { SeededRandom, VirtualClock } from '@proxyless/core/spi'
import { afterEach, expect, test, vi } from 'vitest'
import { Node } from '../generated/envoy/config/core/v3/base.ts'
import { DiscoveryRequest, DiscoveryResponse } from '../generated/envoy/service/discovery/v3/discovery.ts'
import { AdsClient } from './ads-client.ts'
import { GrpcTransport } from './grpc-transport.ts'
import { TYPE_URLS } from './kinds.ts'
import { decodeText, textResource } from './scripted-server.suite.ts'
import { StateOfTheWorld } from './sotw.ts'

const closing: (() => void)[] = []

afterEach(() => {
  for (const close of closing.splice(0).toReversed()) close()
})

type Stream = ServerDuplexStream<DiscoveryRequest, DiscoveryResponse>

async function grpcServer(
  port: number,
  onRequest: (stream: Stream, request: DiscoveryRequest) => void,
): Promise<{ port: number; server: Server }> {
  const server = new Server()
  const path = new StateOfTheWorld(Node.fromPartial({})).method
  const method = {
    path,
    requestStream: true,
    responseStream: true,
    requestSerialize: (value: DiscoveryRequest) => Buffer.from(DiscoveryRequest.encode(value).finish()),
    requestDeserialize: (bytes: Buffer) => DiscoveryRequest.decode(bytes),
    responseSerialize: (value: DiscoveryResponse) => Buffer.from(DiscoveryResponse.encode(value).finish()),
    responseDeserialize: (bytes: Buffer) => DiscoveryResponse.decode(bytes),
  }
  server.addService(
    { stream: method },
    {
      stream: (stream: Stream) => {
        stream.on('data', (request: DiscoveryRequest) => onRequest(stream, request))
        stream.on('error', () => undefined)
        stream.on('end', () => stream.end())
      },
    },
  )
  const bound = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, at) =>
      error === null ? resolve(at) : reject(error),
    ),
  )
  closing.push(() => server.forceShutdown())
  return { port: bound, server }
}

function clientOf(port: number, clock: VirtualClock): AdsClient {
  const client = new AdsClient({
    transport: new GrpcTransport({
      server: `127.0.0.1:${port}`,
      credentials: () => ChannelCredentials.createInsecure(),
      clock,
    }),
    variant: new StateOfTheWorld(Node.fromPartial({ id: 'n' })),
    clock,
    random: new SeededRandom(1),
    decode: decodeText,
  })
  closing.push(() => client.close())
  return client
}

/** Of the channels with this target. */
function channelStates(target: string): unknown[] {
  const found: unknown[] = []
  const { GetTopChannels } = getChannelzHandlers()
  const call = { request: { start_channel_id: 0 } } as unknown as Parameters<typeof GetTopChannels>[0]
  GetTopChannels(call, (_error, answer) => {
    for (const channel of answer?.channel ?? []) {
      if (channel.data?.target?.includes(target) === true) found.push(channel.data.state?.state)
    }
  })
  return found
}

function answer(stream: Stream, request: DiscoveryRequest, content: string): void {
  if (request.responseNonce !== '') return
  stream.write(
    DiscoveryResponse.fromPartial({
      typeUrl: request.typeUrl,
      versionInfo: '1',
      nonce: 'n1',
      resources: request.resourceNames.map((name) => textResource('cluster', name, content)),
    }),
  )
}

test('T1 resources come over a real stream, are acknowledged, and come again after the server restarted', async () => {
  const clock = new VirtualClock()
  const requests: DiscoveryRequest[] = []
  const first = await grpcServer(0, (stream, request) => {
    requests.push(request)
    answer(stream, request, 'one')
  })
  const client = clientOf(first.port, clock)
  const subscription = client.subscribe((_changes, handled) => handled())
  subscription.want('cluster', new Set(['a']))
  await vi.waitFor(() => expect(client.entry('cluster', 'a')?.known?.value).toBe('one'))
  await vi.waitFor(() => expect(requests.at(-1)).toMatchObject({ versionInfo: '1', responseNonce: 'n1' }))
  expect(requests[0]).toMatchObject({ typeUrl: TYPE_URLS.cluster, resourceNames: ['a'], node: { id: 'n' } })

  first.server.forceShutdown()
  await vi.waitFor(() => expect(clock.pendingTimers).toBeGreaterThan(0))
  expect(client.entry('cluster', 'a')?.known?.value).toBe('one')
  await grpcServer(first.port, (stream, request) => answer(stream, request, 'two'))
  await vi.waitFor(() => {
    clock.advance(1000)
    expect(client.entry('cluster', 'a')?.known?.value).toBe('two')
  })
})

test('B3 a server that is not there is trouble that names why', async () => {
  const clock = new VirtualClock()
  const { port, server } = await grpcServer(0, () => undefined)
  server.forceShutdown()
  const client = clientOf(port, clock)
  client.subscribe((_changes, handled) => handled()).want('cluster', new Set(['a']))
  await vi.waitFor(() => expect(client.trouble).toContain('ECONNREFUSED'))
})

test('A71 channelz shows the connection to a server, by its address: also of one that cannot be reached, and no longer once it is closed', async () => {
  const clock = new VirtualClock()
  const { port, server } = await grpcServer(0, (stream, request) => answer(stream, request, 'one'))
  const client = clientOf(port, clock)
  const states = (): unknown[] => channelStates(`127.0.0.1:${port}`)
  expect(states()).toEqual([])
  client.subscribe((_changes, handled) => handled()).want('cluster', new Set(['a']))
  await vi.waitFor(() => expect(client.entry('cluster', 'a')?.known?.value).toBe('one'))
  expect(states()).toEqual(['READY'])
  server.forceShutdown()
  await vi.waitFor(() => {
    clock.advance(1000)
    expect(client.trouble).toContain('ECONNREFUSED')
  })
  expect(states()).toEqual(['TRANSIENT_FAILURE'])
  client.close()
  expect(states()).toEqual([])
})

test('B5 a peer that accepts the connection and never speaks is given up after the connect timeout', async () => {
  const clock = new VirtualClock()
  const sockets: Socket[] = []
  const silent: TcpServer = createServer((socket) => void sockets.push(socket.on('error', () => undefined)))
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    for (const socket of sockets) socket.destroy()
    silent.close()
  })
  const { port } = silent.address() as { port: number }
  const client = clientOf(port, clock)
  client.subscribe((_changes, handled) => handled()).want('cluster', new Set(['a']))
  await vi.waitFor(() => expect(sockets).toHaveLength(1))
  expect(client.trouble).toBeUndefined()
  clock.advance(20_000)
  expect(client.trouble).toBe('no connection within 20 s')
})

test('E5 a stream that is open keeps no process alive', async () => {
  // in a thread of its own: the server's own sockets are not counted here
  const program = `
    const { Server, ServerCredentials } = require('@grpc/grpc-js')
    const { parentPort } = require('node:worker_threads')
    const server = new Server()
    const as = (bytes) => bytes
    const codec = { requestSerialize: as, requestDeserialize: as, responseSerialize: as, responseDeserialize: as }
    const stream = (call) => call.on('data', () => parentPort.postMessage('asked'))
    const path = '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources'
    server.addService({ stream: { path, requestStream: true, responseStream: true, ...codec } }, { stream })
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => parentPort.postMessage(port))`
  const worker = new Worker(program, { eval: true })
  closing.push(() => void worker.terminate())
  const next = (): Promise<unknown> => new Promise((resolve) => worker.once('message', resolve))
  const port = (await next()) as number
  const sockets = (): string[] => process.getActiveResourcesInfo().filter((each) => /TCP|TLS|HTTP2/.test(each))
  const before = sockets()
  const asked = next()
  clientOf(port, new VirtualClock())
    .subscribe(() => undefined)
    .want('cluster', new Set(['a']))
  await asked
  await vi.waitFor(() => expect(sockets()).toEqual(before))
})

test('credentials that cannot be made are trouble, and are made anew for the next stream', async () => {
  const clock = new VirtualClock()
  let tries = 0
  const transport = new GrpcTransport({
    server: '127.0.0.1:1',
    credentials: () => {
      throw new Error(`no certificate, ${(tries += 1)}`)
    },
    clock,
  })
  const variant = new StateOfTheWorld(Node.fromPartial({}))
  const client = new AdsClient({ transport, variant, clock, random: new SeededRandom(1), decode: decodeText })
  closing.push(() => client.close())
  client.subscribe(() => undefined).want('cluster', new Set(['a']))
  await vi.waitFor(() => expect(client.trouble).toBe('no certificate, 1'))
  clock.advance(1300)
  await vi.waitFor(() => expect(client.trouble).toBe('no certificate, 2'))
})
