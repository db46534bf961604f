// What surrounds a call goes with it through every door, also where others open its connection or a timer makes its attempts.
import { AsyncLocalStorage } from 'node:async_hooks'
import { type ClientRequest, get, type IncomingMessage, request } from 'node:http'
import { Metadata } from '@grpc/grpc-js'
import { grpcClients, meshChannel } from '@proxyless/grpc'
import { house } from '@proxyless/core/spi'
import type { Mesh } from 'proxyless'
import { request as undiciRequest } from 'undici'
import { describe, expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { startGrpc } from '../kit/grpc-backend.ts'
import { GrpcClient } from '../kit/grpc-calls.ts'
import { backend, closeAfterEach, mesh, opened } from '../kit/opened.ts'

closeAfterEach()

const retry = {
  numRetries: 2,
  retryOn: ['5xx' as const],
  retriableStatusCodes: [],
  backoffBaseMs: 1,
  backoffMaxMs: 1,
  avoidPreviousHosts: false,
  retryOtherPriorities: false,
}

/** A host that tells each caller its `end-user`, with one connection for all, and fails every first attempt. */
async function telling(): Promise<Mesh> {
  const { authority } = await backend({
    handler: (request) =>
      request.header('x-envoy-attempt-count') === '1'
        ? { status: 503 }
        : { body: request.header('end-user') ?? 'nobody' },
  })
  const one = {
    circuitBreakers: { maxConnections: 1, maxPendingRequests: 1_000, maxRequests: 1_000, maxRetries: 1_000 },
  }
  const c = cluster('c', [endpoint(authority)], one)
  return mesh(config([host(['svc'], [route(forward('c', { retry }))])], [c]), { inherit: ['end-user'] })
}

/** What the application itself keeps along its code. */
const own = new AsyncLocalStorage<string>()

const doors: Readonly<Record<string, (mesh: Mesh) => Promise<string>>> = {
  'mesh.fetch': async ({ fetch }) => (await fetch('http://svc/')).text(),
  'the dispatcher': async ({ dispatcher }) => (await undiciRequest('http://svc/', { dispatcher })).body.text(),
  'node:http with the agent': ({ httpAgent: agent }) => byNodeHttp((take) => get('http://svc/', { agent }, take)),
  'the global fetch': async (m) => {
    m.install({ http: false })
    return (await fetch('http://svc/')).text()
  },
  'node:http as it is': (m) => {
    m.install({ fetch: false })
    return byNodeHttp((take) => request('http://svc/', take).end())
  },
}

/** Hears in callbacks alone. */
function byNodeHttp(send: (take: (response: IncomingMessage) => void) => ClientRequest): Promise<string> {
  const user = own.getStore()
  return new Promise((resolve, reject) => {
    const take = (response: IncomingMessage): void => {
      const kept = own.getStore() === user
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () => resolve(kept && own.getStore() === user ? text : `${text} and lost its context`))
    }
    send(take).on('error', reject)
  })
}

describe.each(Object.entries(doors))('%s', (_, call) => {
  test('100 calls at once over one connection, retried, are each their own', async () => {
    const m = await telling()
    const users = Array.from({ length: 100 }, (_each, i) => `user-${i}`)
    const told = users.map((user) => own.run(user, () => m.with({ headers: { 'end-user': user } }, () => call(m))))
    expect(await Promise.all(told)).toEqual(users)
    expect(await call(m)).toBe('nobody')
  })
})

test('mesh.fetch takes overrides of one call, and refuses wrong ones', async () => {
  const { fetch } = await telling()
  const init = { mesh: { headers: { 'end-user': 'jason' } } }
  expect(await (await fetch('http://svc/', init)).text()).toBe('jason')
  expect((await fetch('http://svc/', { mesh: { retry: false } })).status).toBe(503)
  await expect(fetch('http://svc/', { mesh: { subset: 'v2' } })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
})

test('explain tells what a call would have where it is asked', async () => {
  const m = await telling()
  const told = m.with({ headers: { 'end-user': 'jason' }, deadlineMs: 60_000, retry: false }, () =>
    m.explain('http://svc/'),
  )
  expect(String(told)).toMatch(/inherited +end-user: jason/)
  expect(String(told)).toMatch(/deadline +\d+ ms are left/)
  expect(String(told)).toMatch(/retries +none, by the code around the call/)
  expect(String(m.explain('http://svc/'))).not.toMatch(/inherited|deadline/)
})

describe('gRPC', () => {
  async function tellingGrpc(): Promise<Mesh> {
    const { authority } = opened(
      await startGrpc({
        unary: {
          '/t/Who': (call, answer) => {
            const [user = 'nobody'] = call.metadata.get('end-user')
            answer(null, Buffer.from(String(user)))
          },
        },
      }),
    )
    const c = cluster('c', [endpoint(authority)], { protocol: 'http2' })
    return mesh(config([host(['ratings'], [route(forward('c'))])], [c]), { inherit: ['end-user'] })
  }

  test.each(['by meshChannel', 'installed'])(
    '100 calls at once on a new channel, %s, are each their own, in callbacks too',
    async (how) => {
      const m = await tellingGrpc()
      if (how === 'installed') m.install({ grpc: grpcClients(import.meta.url) })
      using client = new GrpcClient('ratings:9080', how === 'installed' ? {} : meshChannel(m))
      const users = Array.from({ length: 100 }, (_each, i) => `user-${i}`)
      const ask = (): Promise<string> =>
        new Promise((resolve) => {
          const asIs = (bytes: Buffer): Buffer => bytes
          client.makeUnaryRequest('/t/Who', asIs, asIs, Buffer.alloc(0), new Metadata(), (error, value) =>
            resolve(`${error?.message ?? value?.toString()} in the callback of ${own.getStore()}`),
          )
        })
      const told = users.map((user) => own.run(user, () => m.with({ headers: { 'end-user': user } }, ask)))
      expect(await Promise.all(told)).toEqual(users.map((user) => `${user} in the callback of ${user}`))
    },
  )

  test('a deadline that is spent is DEADLINE_EXCEEDED, and nothing is sent', async () => {
    const m = await tellingGrpc()
    using client = new GrpcClient('ratings:9080', meshChannel(m))
    const call = (): Promise<unknown> => client.unary('/t/Who')
    const inbound = {
      header: (name: string) => (name === 'x-mesh-deadline-ms' ? '0' : undefined),
      grpc: false,
      answered: false,
    }
    expect(await m[house].surroundings!.surround(inbound)(call)).toMatchObject({
      code: 4,
      details: 'deadline exceeded',
    })
  })
})
