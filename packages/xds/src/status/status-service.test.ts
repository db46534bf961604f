// CSDS of real sources on scripted servers: asked over gRPC, and as JSON.
import { Client, credentials, Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js'
import { SeededRandom, VirtualClock } from '@proxyless/core/spi'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { apiListener, cluster, route, routeConfig, toCluster } from '../decode/messages.suite.ts'
import { testRegex } from '../decode/test-regex.suite.ts'
import { Cluster } from '../generated/envoy/config/cluster/v3/cluster.ts'
import { ClientStatusRequest, ClientStatusResponse } from '../generated/envoy/service/status/v3/csds.ts'
import { TYPE_URLS } from '../stream/kinds.ts'
import { ScriptedServer } from '../stream/scripted-server.suite.ts'
import { xdsSource } from '../xds-source.ts'
import { addClientStatusService, clientStatus } from './status-service.ts'

const service = '/envoy.service.status.v3.ClientStatusDiscoveryService'
const closing: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve()
}

interface Source {
  readonly clock: VirtualClock
  readonly server: ScriptedServer
  readonly close: () => Promise<void>
}

/** Knows its listener and routes, of which cluster `a` was good and then bad, and `b` has not come. */
async function source(host = 'reviews:80'): Promise<Source> {
  const clock = new VirtualClock()
  const server = new ScriptedServer()
  const made = xdsSource(
    { server: 'xds.test:1', node: { id: 'node-1' }, hosts: [host] },
    { clock, random: new SeededRandom(1), regex: testRegex, env: {}, node: { id: '' }, transport: () => server },
  )
  made.start({ config: () => undefined, problem: () => undefined })
  closing.push(() => made.close())
  await settle()
  server.last.accept()
  await settle()
  const routes = ['a', 'b'].map((name) => route(toCluster(name)))
  server.last.reply('listener', { nonce: '1', version: 'L1', raw: [apiListener(host)] })
  await settle()
  server.last.reply('route', {
    nonce: '1',
    version: 'R1',
    raw: [routeConfig('routes', [{ name: 'h', domains: ['*'], routes }])],
  })
  await settle()
  server.last.reply('cluster', { nonce: '1', version: 'C1', raw: [cluster('a')] })
  await settle()
  clock.advance(5000)
  server.last.reply('cluster', { nonce: '2', version: 'C2', raw: [bad] })
  await settle()
  return { clock, server, close: () => made.close() }
}

const bad = cluster('a', { outlierDetection: { maxEjectionPercent: 200 } })

async function adminServer(): Promise<Client> {
  const server = new Server()
  addClientStatusService(server)
  closing.push(() => server.forceShutdown())
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  )
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure())
  closing.push(() => client.close())
  return client
}

const encode = (request: ClientStatusRequest): Buffer => Buffer.from(ClientStatusRequest.encode(request).finish())
const decode = (bytes: Buffer): ClientStatusResponse => ClientStatusResponse.decode(bytes)

function fetchStatus(client: Client, request: Partial<ClientStatusRequest> = {}): Promise<ClientStatusResponse> {
  return new Promise((resolve, reject) => {
    const message = ClientStatusRequest.fromPartial(request)
    client.makeUnaryRequest(`${service}/FetchClientStatus`, encode, decode, message, new Metadata(), (error, answer) =>
      error === null && answer !== undefined ? resolve(answer) : reject(error ?? new Error('no answer')),
    )
  })
}

describe('C1 over gRPC', () => {
  let client: Client

  beforeEach(async () => {
    client = await adminServer()
  })

  test('every resource with its state, its version, its time and its bytes as they came', async () => {
    await source()
    const { config } = await fetchStatus(client)
    expect(config).toMatchObject([{ node: { id: 'node-1', userAgentName: 'proxyless' }, clientScope: 'reviews:80' }])
    const all = new Map(config[0]?.genericXdsConfigs.map((each) => [`${each.typeUrl} ${each.name}`, each]))
    expect(all.get(`${TYPE_URLS.listener} reviews:80`)).toMatchObject({
      clientStatus: 3,
      versionInfo: 'L1',
      lastUpdated: new Date(Date.UTC(2026, 0, 1)),
      errorState: undefined,
    })
    expect(all.get(`${TYPE_URLS.cluster} b`)).toMatchObject({ clientStatus: 1, versionInfo: '', xdsConfig: undefined })
    const refused = all.get(`${TYPE_URLS.cluster} a`)
    expect(refused).toMatchObject({
      clientStatus: 4,
      versionInfo: 'C1',
      errorState: {
        details: expect.stringContaining('max_ejection_percent') as string,
        versionInfo: 'C2',
        lastUpdateAttempt: new Date(Date.UTC(2026, 0, 1) + 5000),
      },
    })
    expect(Cluster.decode(refused?.xdsConfig?.value ?? new Uint8Array())).toMatchObject({ name: 'a' })
  })

  test('X3 what does not exist, and a good one after a bad one though its bytes are those that were accepted last', async () => {
    const { clock, server } = await source()
    clock.advance(15_000)
    server.last.reply('cluster', { nonce: '3', version: 'C3', raw: [cluster('a')] })
    await settle()
    const { config } = await fetchStatus(client)
    const states = config[0]?.genericXdsConfigs
      .filter(({ typeUrl }) => typeUrl === TYPE_URLS.cluster)
      .map(({ name, clientStatus: state, versionInfo }) => [name, state, versionInfo])
    expect(states).toEqual(
      expect.arrayContaining([
        ['a', 3, 'C3'],
        ['b', 2, ''],
      ]),
    )
  })

  test('X3 a resource that timed out where that is trouble', async () => {
    // told apart from one that does not exist: by the number that gRFC A88 gave it
    const clock = new VirtualClock()
    const server = new ScriptedServer()
    const features = ['resource_timer_is_transient_error']
    const bootstrap = {
      xds_servers: [{ server_uri: 'a:1', channel_creds: [{ type: 'insecure' }], server_features: features }],
    }
    const made = xdsSource(
      { bootstrap, hosts: ['reviews:80'] },
      { clock, random: new SeededRandom(1), regex: testRegex, env: {}, node: { id: '' }, transport: () => server },
    )
    made.start({ config: () => undefined, problem: () => undefined })
    closing.push(() => made.close())
    await settle()
    server.last.accept()
    await settle()
    clock.advance(30_000)
    const { config } = await fetchStatus(client)
    expect(config[0]?.genericXdsConfigs).toMatchObject([{ name: 'reviews:80', clientStatus: 6 }])
  })

  test('F4 each source by its scope, as long as it lives', async () => {
    const [first] = [await source(), await source('ratings:80')]
    expect((await fetchStatus(client)).config.map(({ clientScope }) => clientScope)).toEqual([
      'reviews:80',
      'ratings:80',
    ])
    await first.close()
    expect((await fetchStatus(client)).config.map(({ clientScope }) => clientScope)).toEqual(['ratings:80'])
  })

  test('without the resources themselves where they are not asked for', async () => {
    await source()
    const { config } = await fetchStatus(client, { excludeResourceContents: true })
    expect(config[0]?.genericXdsConfigs.length).toBeGreaterThan(3)
    expect(config[0]?.genericXdsConfigs.every(({ xdsConfig }) => xdsConfig === undefined)).toBe(true)
  })

  test('matchers of nodes are refused, in both ways to ask', async () => {
    const request = { nodeMatchers: [{ nodeId: undefined, nodeMetadatas: [] }] }
    await expect(fetchStatus(client, request)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT })
    const stream = client.makeBidiStreamRequest(`${service}/StreamClientStatus`, encode, decode, new Metadata())
    const ended = new Promise((resolve) => stream.on('error', resolve))
    stream.on('data', () => undefined)
    stream.write(ClientStatusRequest.fromPartial(request))
    expect(await ended).toMatchObject({ code: status.INVALID_ARGUMENT, details: 'node_matchers are not supported' })
  })

  test('a stream is answered once for each question', async () => {
    await source()
    const stream = client.makeBidiStreamRequest(`${service}/StreamClientStatus`, encode, decode, new Metadata())
    const answers: ClientStatusResponse[] = []
    const ended = new Promise((resolve) => stream.on('end', resolve))
    stream.on('data', (answer: ClientStatusResponse) => answers.push(answer))
    for (let question = 0; question < 3; question++) stream.write(ClientStatusRequest.fromPartial({}))
    stream.end()
    await ended
    expect(answers.map(({ config }) => config.length)).toEqual([1, 1, 1])
  })
})

test('C1 as JSON, with the resources spelled out', async () => {
  await source()
  const json = JSON.parse(JSON.stringify(await clientStatus())) as { config: [{ genericXdsConfigs: unknown[] }] }
  expect(json.config).toMatchObject([{ clientScope: 'reviews:80', node: { id: 'node-1' } }])
  expect(json.config[0].genericXdsConfigs).toContainEqual({
    typeUrl: TYPE_URLS.cluster,
    name: 'a',
    versionInfo: 'C1',
    lastUpdated: '2026-01-01T00:00:00Z',
    clientStatus: 'NACKED',
    errorState: {
      details: expect.stringContaining('max_ejection_percent') as string,
      versionInfo: 'C2',
      lastUpdateAttempt: '2026-01-01T00:00:05Z',
    },
    xdsConfig: {
      '@type': TYPE_URLS.cluster,
      name: 'a',
      type: 'EDS',
      edsClusterConfig: { edsConfig: { ads: {} } },
    },
  })
})
