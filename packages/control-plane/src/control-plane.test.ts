// The control plane over real sockets, with clients of which the test says every word: what it tells of them, and what it makes of bad ones.
import { status } from '@grpc/grpc-js'
import { type DocumentSink, type DocumentText, VirtualClock } from '@proxyless/core/spi'
import { TYPE_URLS } from '@proxyless/xds'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type ControlPlane, startControlPlane } from './control-plane.ts'
import { GrpcClient } from './grpc-client.suite.ts'
import type { NackRecord } from './index.ts'

const id = 'sidecar~127.0.0.1~web.shop~shop.svc.cluster.local'
const cluster = 'outbound|80||a.example'

const entry = (name: string, address: string, more: object = {}): DocumentText => ({
  name: `${name}.json`,
  text: JSON.stringify({
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name, namespace: 'shop' },
    spec: {
      hosts: [`${name}.example`],
      resolution: 'STATIC',
      ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
      endpoints: [{ address, ...more }],
    },
  }),
})

let clock: VirtualClock
let sink: DocumentSink
let plane: ControlPlane
const nacks: NackRecord[] = []
const clients: GrpcClient[] = []

beforeEach(async () => {
  clock = new VirtualClock()
  nacks.length = 0
  plane = await startControlPlane({
    documents: {
      start: (given) => {
        sink = given
        sink.texts([entry('a', '10.0.0.1')])
      },
      close: async () => undefined,
    },
    xds: '127.0.0.1:0',
    http: '127.0.0.1:0',
    clock,
    regex: { compile: () => ({ matches: () => false, replaceAll: (text) => text }) },
    pause: () => new Promise((resolve) => setImmediate(resolve)),
    observer: { refused: (nack) => void nacks.push(nack) },
  })
})

afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  await plane.close()
})

function connect(): GrpcClient {
  const client = new GrpcClient(`127.0.0.1:${plane.xdsPort}`)
  clients.push(client)
  return client
}

const soon = { timeout: 10_000, interval: 2 }
const heard = (client: GrpcClient, count: number): Promise<void> =>
  vi.waitFor(() => expect(client.heard).toHaveLength(count), soon)
const page = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${plane.httpPort}${path}`)).text()
const json = async (path: string): Promise<unknown> => JSON.parse(await page(path))

test('T5 what a client refuses is told by client and resource: to the observer, as JSON, as a number', async () => {
  const client = connect()
  client.ask({ node: { id } })
  await heard(client, 1)
  client.ask({ responseNonce: client.heard[0]!.nonce, errorDetail: { code: 3, message: `${cluster}: too large` } })
  await vi.waitFor(() => expect(nacks).toHaveLength(1), soon)
  expect(nacks).toMatchObject([{ client: id, kind: 'cluster', resources: [cluster], message: `${cluster}: too large` }])
  expect(await json('/debug/nacks')).toMatchObject({
    now: [{ client: id, kind: 'cluster', message: `${cluster}: too large` }],
    total: 1,
    last: [{ client: id, resources: [cluster], time: '2026-01-01T00:00:00.000Z' }],
  })
  expect(await page('/metrics')).toContain('proxyless_xds_nacks_total{kind="cluster"} 1\n')
  sink.texts([entry('a', '10.0.0.1'), entry('b', '10.0.0.1')])
  await heard(client, 2)
  client.ask({ responseNonce: client.heard[1]!.nonce, versionInfo: client.heard[1]!.versionInfo })
  await vi.waitFor(async () => expect(await json('/debug/nacks')).toMatchObject({ now: [], total: 1 }), soon)
  expect(await page('/metrics')).toContain('proxyless_xds_refusing_clients 0\n')
})

test('a first request without a node, and bytes that are no request, end the stream with the reason', async () => {
  const nameless = connect()
  nameless.ask({})
  expect(await nameless.ended).toMatchObject({
    code: status.INVALID_ARGUMENT,
    details: 'the first request of a stream has to say which node asks (node.id)',
  })
  const garbage = connect()
  garbage.say(new Uint8Array([255, 255, 255]))
  expect(await garbage.ended).toMatchObject({
    code: status.INVALID_ARGUMENT,
    details: expect.stringMatching(/^a message that cannot be read/) as string,
  })
  expect(await json('/debug/clients')).toMatchObject({ xds: [] })
})

test('T9 a type that is not served is left alone, and counted', async () => {
  const client = connect()
  client.ask({ node: { id }, typeUrl: 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret' })
  client.ask({})
  await heard(client, 1)
  expect(client.heard[0]?.typeUrl).toBe(TYPE_URLS.cluster)
  expect(await page('/metrics')).toContain('proxyless_xds_unserved_requests_total 1\n')
})

test('who is connected is told, with what each was sent and has accepted; and forgotten when it is gone', async () => {
  const client = connect()
  client.ask({ node: { id, userAgentName: 'envoy', metadata: { NAMESPACE: 'shop' } } })
  await heard(client, 1)
  const [{ versionInfo, nonce }] = client.heard as [GrpcClient['heard'][0]]
  expect(await json('/debug/clients')).toMatchObject({
    version: versionInfo,
    xds: [
      {
        id,
        agent: 'envoy',
        protocol: 'sotw',
        dialect: 'sidecar',
        workload: { namespace: 'shop' },
        upToDate: false,
        kinds: [{ kind: 'cluster', wildcard: true, sent: versionInfo, accepted: '', waitingMs: 0 }],
      },
    ],
  })
  client.ask({ responseNonce: nonce, versionInfo })
  const done = { upToDate: true, kinds: [{ accepted: versionInfo }] }
  await vi.waitFor(async () => expect(await json('/debug/clients')).toMatchObject({ xds: [done] }), soon)
  expect(await page('/metrics')).toContain('proxyless_xds_clients{protocol="sotw",dialect="sidecar"} 1\n')
  client.close()
  await vi.waitFor(async () => expect(await json('/debug/clients')).toMatchObject({ xds: [] }), soon)
})

test('a client that reads nothing keeps no queue: what it finds when it reads again is the newest', async () => {
  const large = (count: number): DocumentText =>
    entry('a', '10.0.0.1', { labels: { count: `${count}`, pad: 'x'.repeat(60) } })
  const client = connect()
  client.ask({ node: { id } })
  await heard(client, 1)
  client.ask({ responseNonce: client.heard[0]!.nonce })
  client.ask({ typeUrl: TYPE_URLS.endpoints, resourceNames: [cluster] })
  await heard(client, 2)
  client.pause()
  for (let count = 0; count < 200; count++) {
    sink.texts([large(count)])
    await new Promise((resolve) => setImmediate(resolve))
  }
  client.resume()
  const answered = new Set<string>()
  await vi.waitFor(() => {
    for (const { nonce, typeUrl } of client.heard.slice(1)) {
      if (answered.has(nonce)) continue
      answered.add(nonce)
      client.ask({ typeUrl, resourceNames: [cluster], responseNonce: nonce })
    }
    const last = client.heard.at(-1)?.resources[0]?.value
    expect(new TextDecoder().decode(last)).toContain('199')
  }, soon)
  expect(client.heard.length).toBeLessThan(20)
})

test('closing ends streams in good order', async () => {
  const client = connect()
  client.ask({ node: { id } })
  await heard(client, 1)
  await plane.close()
  expect(await client.ended).toMatchObject({ code: status.OK })
})
