// REST-JSON: the client over a polled server, on virtual time; then over a real one.
import { createServer } from 'node:http'
import { SeededRandom, VirtualClock } from '@proxyless/core/spi'
import { afterEach, expect, test, vi } from 'vitest'
import { createDecoder } from '../decode/decoder.ts'
import { optionsFor } from '../decode/messages.suite.ts'
import type { ClusterResource } from '../decode/resources.ts'
import { nodeMessage } from '../node.ts'
import { AdsClient, type Subscription } from '../stream/ads-client.ts'
import { StateOfTheWorld } from '../stream/sotw.ts'
import { postTo, type Post } from './post.ts'
import { RestTransport } from './rest-transport.ts'

interface Question {
  readonly path: string
  readonly body: Record<string, unknown>
  answer(status: number, body?: unknown): void
}

const clusterUrl = 'type.googleapis.com/envoy.config.cluster.v3.Cluster'
const eds = { ads: {} }
const clusterJson = (name: string, more: object = {}): object => ({
  '@type': clusterUrl,
  name,
  type: 'EDS',
  eds_cluster_config: { eds_config: eds },
  ...more,
})

const closing: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

class World {
  readonly clock = new VirtualClock()
  readonly questions: Question[] = []
  readonly client: AdsClient
  readonly subscription: Subscription

  constructor(post: Post = (path, body, signal) => this.#post(path, body, signal)) {
    const random = new SeededRandom(1)
    const { clock } = this
    const transport = new RestTransport({ server: 'http://rest.test', post, clock, random, pollMs: 10_000 })
    const node = nodeMessage({ id: 'n', cluster: 'c', locality: undefined, metadata: { LABELS: { app: 'x' } } })
    const decode = createDecoder(optionsFor('sidecar'))
    this.client = new AdsClient({ transport, variant: new StateOfTheWorld(node), clock, random, decode })
    closing.push(() => this.client.close())
    this.subscription = this.client.subscribe((_changes, handled) => handled())
  }

  #post(path: string, body: string, signal: AbortSignal): ReturnType<Post> {
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error))
      const answer: Question['answer'] = (status, said = {}) =>
        resolve({ status, body: typeof said === 'string' ? said : JSON.stringify(said) })
      this.questions.push({ path, body: JSON.parse(body) as Record<string, unknown>, answer })
    })
  }

  /** The next question that was asked. */
  async asked(): Promise<Question> {
    await vi.waitUntil(() => this.questions.length > 0)
    return this.questions.shift()!
  }

  /** Time goes on to what happens next. */
  nextTimer(): void {
    this.clock.advance((this.clock.nextTimerAt ?? 0) - this.clock.now())
  }

  /** Answers the next question, and waits until what follows is on the clock. */
  async takes(answer: (question: Question, world: World) => void): Promise<void> {
    const question = await this.asked()
    const timeout = this.clock.nextTimerAt
    answer(question, this)
    const { clock } = this
    await vi.waitUntil(() => clock.pendingTimers === 1 && (clock.nextTimerAt !== timeout || clock.now() === timeout))
  }

  /** Of the cluster. */
  state(name: string): string {
    const entry = this.client.entry('cluster', name)
    const value = entry?.known?.value as ClusterResource | undefined
    return `${entry?.state} ${value?.cluster.connectTimeoutMs}`
  }

  /** Waits until the client has it so. */
  async holds(name: string, state: string): Promise<void> {
    await vi.waitUntil(() => this.state(name) === state)
  }
}

async function answered(version = '1'): Promise<World> {
  const world = new World()
  world.subscription.want('cluster', new Set(['a']))
  const resources = [clusterJson('a', { connect_timeout: '3s' })]
  ;(await world.asked()).answer(200, { version_info: version, resources })
  await world.holds('a', 'acked 3000')
  return world
}

test('J1 each kind is asked for by a POST of its own: node, type, sorted names, the version accepted last, no nonce', async () => {
  const world = new World()
  world.subscription.want('cluster', new Set(['b', 'a']))
  world.subscription.want('listener', new Set(['*']))
  const [cluster, listener] = [await world.asked(), await world.asked()]
  expect([cluster.path, listener.path]).toEqual(['/v3/discovery:clusters', '/v3/discovery:listeners'])
  expect(cluster.body).toMatchObject({
    node: { id: 'n', cluster: 'c', metadata: { LABELS: { app: 'x' } }, userAgentName: 'proxyless' },
    typeUrl: clusterUrl,
    resourceNames: ['a', 'b'],
  })
  expect(listener.body).toMatchObject({ node: { id: 'n' } })
  expect(Object.keys(listener.body).toSorted((a, b) => (a < b ? -1 : 1))).toEqual(['node', 'typeUrl'])
})

test('J1 the next poll comes after the delay and up to as much again, and names the version', async () => {
  const world = await answered('7')
  world.clock.advance(9_999)
  expect(world.questions).toEqual([])
  world.clock.advance(10_001)
  const next = await world.asked()
  expect(next.body).toMatchObject({ versionInfo: '7', resourceNames: ['a'] })
  expect(next.body).not.toHaveProperty('responseNonce')
})

test('J1 one question at a time; other names are asked for as soon as it is answered, without a version that would be no news', async () => {
  const world = new World()
  world.subscription.want('cluster', new Set(['a']))
  const first = await world.asked()
  world.subscription.want('cluster', new Set(['a', 'b']))
  await Promise.resolve()
  expect(world.questions).toEqual([])
  first.answer(200, { version_info: '1', resources: [clusterJson('a')] })
  const second = await world.asked()
  expect(second.body).toMatchObject({ resourceNames: ['a', 'b'] })
  expect(second.body).not.toHaveProperty('versionInfo')
  world.subscription.want('cluster', new Set())
})

const bad = { outlier_detection: { max_ejection_percent: 200 } }

test.each<[string, string, string | undefined, (question: Question, world: World) => void]>([
  ['304 is unchanged', 'acked 3000', undefined, (question) => question.answer(304)],
  ['another status', 'acked 3000', 'clusters answered 500', (question) => question.answer(500, 'no')],
  ['what is no JSON', 'acked 3000', 'JSON', (question) => question.answer(200, '{')],
  [
    'JSON that is no response',
    'acked 3000',
    'Cluster',
    (question) => question.answer(200, { version_info: '8', resources: [{ '@type': clusterUrl, name: 7 }] }),
  ],
  ['silence for a second', 'acked 3000', 'no answer within 1 s', (_, world) => world.clock.advance(1000)],
  [
    'a refused resource',
    'nacked 3000',
    undefined,
    (question) => question.answer(200, { version_info: '9', resources: [clusterJson('a', bad)] }),
  ],
])('J1 %s keeps the last good, and the version is not advanced', async (_name, state, trouble, answer) => {
  const world = await answered('7')
  world.nextTimer()
  await world.takes(answer)
  await world.holds('a', state)
  if (trouble !== undefined) {
    // the stream that had an answer before is followed by one that has none
    world.nextTimer()
    await world.takes(answer)
    await vi.waitFor(() => expect(world.client.trouble).toContain(trouble))
  }
  world.nextTimer()
  // who begins anew says no version: what was wanted may have changed meanwhile
  expect((await world.asked()).body['versionInfo']).toBe(trouble === undefined ? '7' : undefined)
  expect(world.state('a')).toBe(state)
})

test('J1 B2 a server that answers nothing is trouble, and asked again with back-off; one kind that works is enough', async () => {
  const world = new World()
  world.subscription.want('cluster', new Set(['a']))
  world.subscription.want('endpoints', new Set(['a']))
  const [clusters, endpoints] = [await world.asked(), await world.asked()]
  clusters.answer(503)
  await Promise.resolve()
  expect(world.client.trouble).toBeUndefined()
  endpoints.answer(404)
  await vi.waitFor(() => expect(world.client.trouble).toBe('/v3/discovery:endpoints answered 404'))
  world.clock.advance(1300)
  const [again, other] = [await world.asked(), await world.asked()]
  other.answer(500)
  again.answer(200, { version_info: '1', resources: [clusterJson('a')] })
  await world.holds('a', 'acked 5000')
  expect(world.client.trouble).toBeUndefined()
})

test('J1 no names any more: nothing is asked', async () => {
  const world = await answered()
  world.subscription.want('cluster', new Set())
  await Promise.resolve()
  await Promise.resolve()
  world.clock.advance(60_000)
  expect(world.questions).toEqual([])
  world.client.close()
  expect(world.clock.pendingTimers).toBe(0)
})

test('J1 resources that only servers know keep their type: what is in an Any that nobody reads is left out', async () => {
  const world = new World()
  world.subscription.want('listener', new Set(['*']))
  const router = {
    name: 'router',
    typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
  }
  const filter = {
    name: 'x',
    is_optional: true,
    typed_config: { '@type': 'type.googleapis.com/some.Unknown', a: { b: 1 } },
  }
  const manager = {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    rds: { route_config_name: 'r', config_source: eds },
    http_filters: [filter, router],
    access_log: [{ name: 'unknown here' }],
  }
  const listener = {
    '@type': 'type.googleapis.com/envoy.config.listener.v3.Listener',
    name: 'l',
    address: { socket_address: { address: '0.0.0.0', port_value: 80 } },
    traffic_direction: 'OUTBOUND',
    filter_chains: [{ filters: [{ name: 'http', typed_config: manager }] }],
  }
  ;(await world.asked()).answer(200, { version_info: '1', resources: [listener] })
  await vi.waitFor(() => expect(world.client.entry('listener', 'l')).toMatchObject({ state: 'acked' }))
})

test('J1 over real HTTP', async () => {
  const bodies: string[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      bodies.push(`${request.method} ${request.url} ${Buffer.concat(chunks).toString()}`)
      response.end(JSON.stringify({ version_info: '1', resources: [clusterJson('a')] }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => server.close())
  const { port } = server.address() as { port: number }
  const world = new World(postTo(`http://127.0.0.1:${port}`, []))
  world.subscription.want('cluster', new Set(['a']))
  await world.holds('a', 'acked 5000')
  expect(bodies[0]).toMatch(/^POST \/v3\/discovery:clusters \{.*"resourceNames":\["a"\]/)
})
