// Connect-ES clients through the mesh, against Connect's own server: what a call gives is what Connect's own transport gives.
import { create, toBinary } from '@bufbuild/protobuf'
import { StringValueSchema } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect'
import {
  compressionGzip,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from '@connectrpc/connect-node'
import type { Cluster } from '@proxyless/core/spi'
import { connectTransport, type ConnectTransportOptions } from '@proxyless/grpc/connect'
import { describe, expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { type ConnectServer, startConnect } from '../kit/connect-server.ts'
import { Echo } from '../kit/connect-service.ts'
import { startMesh, type TestMesh } from '../kit/mesh.ts'
import { closeAfterEach, opened } from '../kit/opened.ts'
import { until } from '../kit/until.ts'

closeAfterEach()

type Protocol = NonNullable<ConnectTransportOptions['protocol']>

const own = { connect: createConnectTransport, grpc: createGrpcTransport, 'grpc-web': createGrpcWebTransport }

const pairs: readonly (readonly [Protocol, '1.1' | '2'])[] = [
  ['connect', '1.1'],
  ['connect', '2'],
  ['grpc-web', '1.1'],
  ['grpc-web', '2'],
  ['grpc', '2'],
]

const text = (value: string) => create(StringValueSchema, { value })

const rejection = (call: Promise<unknown>): Promise<ConnectError> =>
  call.then(
    () => Promise.reject(new Error('it went well')),
    (reason: unknown) => ConnectError.from(reason),
  )

async function* texts(...values: string[]) {
  for (const value of values) yield text(value)
}

async function read(messages: AsyncIterable<{ readonly value: string }>): Promise<string[]> {
  const values: string[] = []
  for await (const { value } of messages) values.push(value)
  return values
}

function meshTo(
  servers: readonly ConnectServer[],
  more: Partial<Cluster> = {},
  action = forward('echo'),
): Promise<TestMesh> {
  const endpoints = servers.map(({ authority }) => endpoint(authority))
  const protocol = servers[0]?.httpVersion === '2' ? 'http2' : 'http1'
  return startMesh(config([host(['echo'], [route(action)])], [cluster('echo', endpoints, { protocol, ...more })]))
}

describe.each(pairs)('%s over HTTP/%s', (protocol, httpVersion) => {
  /** The same calls by Connect's own transport, and through the mesh. */
  async function both(
    calls: (transport: Transport) => Promise<unknown>,
    options: Partial<ConnectTransportOptions> = {},
  ): Promise<{ direct: unknown; meshed: unknown }> {
    const server = opened(await startConnect({ httpVersion }))
    const mesh = opened(await meshTo([server]))
    return {
      direct: await calls(own[protocol]({ httpVersion, baseUrl: `http://${server.authority}`, ...options } as never)),
      meshed: await calls(connectTransport(mesh, { baseUrl: 'http://echo', protocol, ...options })),
    }
  }

  test('all four kinds of calls', async () => {
    const { direct, meshed } = await both(async (transport) => {
      const client = createClient(Echo, transport)
      return {
        say: (await client.say(text('hello'))).value,
        count: await read(client.count(text('3'))),
        join: (await client.join(texts('a', 'b', 'c'))).value,
        // Connect's server wants HTTP/2 for it
        chat: httpVersion === '2' ? await read(client.chat(texts('x', 'y'))) : ['x', 'y'],
      }
    })
    expect(meshed).toEqual({ say: 'hello', count: ['1', '2', '3'], join: 'abc', chat: ['x', 'y'] })
    expect(meshed).toEqual(direct)
  })

  test('headers and trailers, binary ones too, in both directions', async () => {
    const { direct, meshed } = await both(async (transport) => {
      const got: Record<string, string | null> = {}
      const note = (headers: Headers): void => {
        for (const name of ['head', 'head-bin', 'tail', 'tail-bin']) got[name] ??= headers.get(name)
      }
      await createClient(Echo, transport).say(text('headers'), {
        headers: { say: 'a, b', 'say-bin': 'AP8' },
        onHeader: note,
        onTrailer: note,
      })
      return got
    })
    expect(meshed).toMatchObject({ head: 'a, b', 'head-bin': 'AP8', tail: 'end' })
    expect(meshed).toEqual(direct)
  })

  test.each(['say', 'count'] as const)('errors of %s keep code, message, details and metadata', async (method) => {
    const { direct, meshed } = await both(async (transport) => {
      const client = createClient(Echo, transport)
      const call = method === 'say' ? client.say(text('fail')) : read(client.count(text('fail')))
      const error = await rejection(call)
      return {
        code: error.code,
        message: error.rawMessage,
        details: error.findDetails(StringValueSchema).map((detail) => toBinary(StringValueSchema, detail)),
        why: error.metadata.get('why'),
      }
    })
    expect(meshed).toEqual({
      code: Code.NotFound,
      message: 'schön % nicht',
      details: [toBinary(StringValueSchema, text('the detail'))],
      why: 'because',
    })
    expect(meshed).toEqual(direct)
  })

  test('an error after messages comes after them', async () => {
    const { direct, meshed } = await both(async (transport) => {
      const values: unknown[] = []
      const counting = async (): Promise<void> => {
        for await (const { value } of createClient(Echo, transport).count(text('3.'))) values.push(value)
      }
      const { code } = await rejection(counting())
      return [...values, code]
    })
    expect(meshed).toEqual(['1', '2', '3', Code.NotFound])
    expect(meshed).toEqual(direct)
  })

  test('large messages, and compressed ones', async () => {
    const much = 'x'.repeat(2 << 20)
    const { direct, meshed } = await both(
      async (transport) => (await createClient(Echo, transport).say(text(much))).value === much,
      protocol === 'grpc' ? {} : { sendCompression: compressionGzip, acceptCompression: [compressionGzip] },
    )
    expect({ direct, meshed }).toEqual({ direct: true, meshed: true })
  })

  test('a timeout of the caller ends the call, here and there', async () => {
    const server = opened(await startConnect({ httpVersion }))
    const client = createClient(
      Echo,
      connectTransport(opened(await meshTo([server])), { baseUrl: 'http://echo', protocol }),
    )
    await expect(client.say(text('hang'), { timeoutMs: 50 })).rejects.toMatchObject({ code: Code.DeadlineExceeded })
    await until(() => server.hanging === 0)
  })

  test('whoever gives up cancels, and the server sees it', async () => {
    const server = opened(await startConnect({ httpVersion }))
    const client = createClient(
      Echo,
      connectTransport(opened(await meshTo([server])), { baseUrl: 'http://echo', protocol }),
    )
    const canceller = new AbortController()
    const call = rejection(client.say(text('hang'), { signal: canceller.signal }))
    await until(() => server.hanging === 1)
    canceller.abort()
    expect(await call).toMatchObject({ code: Code.Canceled })
    await until(() => server.hanging === 0)
    const stopper = new AbortController()
    const stopAtTwo = async (): Promise<void> => {
      for await (const { value } of client.count(text('1000000'), { signal: stopper.signal })) {
        if (value === '2') stopper.abort()
      }
    }
    expect(await rejection(stopAtTwo())).toMatchObject({ code: Code.Canceled })
    await until(() => server.streaming === 0)
  })

  test('whoever gave up before the call does not make it', async () => {
    const server = opened(await startConnect({ httpVersion }))
    const mesh = opened(await meshTo([server]))
    const client = createClient(Echo, connectTransport(mesh, { baseUrl: 'http://echo', protocol }))
    const call = rejection(client.say(text('hello'), { signal: AbortSignal.abort() }))
    expect(await call).toMatchObject({ code: Code.Canceled })
    await client.say(text('hello'))
    expect(mesh.status().clusters.flatMap(({ endpoints }) => endpoints.map((each) => each.totalRequests))).toEqual([1])
  })

  test('endpoints take turns, and a service that is not there is retried elsewhere', async () => {
    const first = opened(await startConnect({ httpVersion, name: 'first' }))
    const second = opened(await startConnect({ httpVersion, name: 'second' }))
    const retry = {
      numRetries: 2,
      retryOn: ['connect-failure', 'reset'],
      retriableStatusCodes: [],
      backoffBaseMs: 1,
      backoffMaxMs: 1,
      avoidPreviousHosts: true,
      retryOtherPriorities: false,
    } as const
    const mesh = opened(await meshTo([first, second], {}, forward('echo', { retry })))
    const client = createClient(Echo, connectTransport(mesh, { baseUrl: 'http://echo', protocol }))
    const names = new Set<string>()
    for (let i = 0; i < 4; i++) names.add((await client.say(text('name'))).value)
    expect([...names].toSorted()).toEqual(['first', 'second'])
    await first.close()
    for (let i = 0; i < 4; i++) expect((await client.say(text('name'))).value).toBe('second')
  })
})

test('no endpoints is unavailable, in the words of the mesh', async () => {
  const mesh = opened(await startMesh(config([host(['echo'], [route(forward('echo'))])], [cluster('echo', [])])))
  const client = createClient(Echo, connectTransport(mesh, { baseUrl: 'http://echo', protocol: 'grpc' }))
  await expect(client.say(text('hello'))).rejects.toMatchObject({
    code: Code.Unavailable,
    rawMessage: expect.stringContaining('no healthy upstream'),
  })
})

test('what gRPC cannot carry here is refused', async () => {
  const mesh = opened(await startMesh(config([], [])))
  const grpc = { baseUrl: 'http://echo', protocol: 'grpc' } as const
  expect(() => connectTransport(mesh, { ...grpc, useBinaryFormat: false })).toThrow(/useBinaryFormat/)
  expect(() => connectTransport(mesh, { ...grpc, sendCompression: compressionGzip })).toThrow(/channelOptions/)
  expect(() => connectTransport(mesh, { baseUrl: 'ftp://echo' })).toThrow(/http or https/)
})
