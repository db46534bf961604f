// The server's half of the feed's contract over real sockets and on virtual time: each line of its tables.
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { get, type IncomingMessage, request as open } from 'node:http'
import { VirtualClock } from '@proxyless/core/spi'
import { Reader } from '@proxyless/istio'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Editions } from './editions.ts'
import { Feed } from './feed.ts'
import { HttpServer } from './server.ts'

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

const entry = (name: string, spec: object = {}): object => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'ServiceEntry',
  metadata: { name },
  spec: {
    hosts: [`${name}.example`],
    resolution: 'STATIC',
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
    endpoints: [{ address: '10.0.0.1' }],
    ...spec,
  },
})

let clock: VirtualClock
let editions: Editions
let feed: Feed
let server: HttpServer
let reader: Reader
const streams: Events[] = []

beforeEach(async () => {
  clock = new VirtualClock()
  editions = new Editions()
  feed = new Feed({ clock, editions })
  server = await HttpServer.listen('127.0.0.1:0', feed.routes)
  const regex = { compile: () => ({ matches: () => false, replaceAll: (text: string) => text }) }
  reader = new Reader({ clock, regex, defaultNamespace: 'default' })
})

afterEach(async () => {
  for (const stream of streams.splice(0)) stream.close()
  feed.close()
  await server.close()
})

async function publish(...documents: readonly object[]): Promise<string> {
  const text = documents.map((document) => JSON.stringify(document)).join('\n---\n')
  const reading = await reader.read([{ name: 'mesh.json', text }])
  await editions.add(reading)
  return reading.version
}

function ask(path: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST'
    const url = `http://127.0.0.1:${server.port}${path}`
    const request = open(url, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      )
    })
    request.on('error', reject)
    request.end(body)
  })
}

const json = ({ body }: Answer): { version: string; documents: { metadata: { name: string } }[] } =>
  JSON.parse(body.toString()) as { version: string; documents: { metadata: { name: string } }[] }

const namesOf = (answer: Answer): string[] => json(answer).documents.map(({ metadata }) => metadata.name)

/** A client of the stream; events as `name` or `name detail`. */
class Events {
  readonly all: string[] = []
  ended = false
  #response: IncomingMessage | undefined
  #text = ''

  constructor(path: string, headers: Record<string, string> = {}) {
    get(`http://127.0.0.1:${server.port}${path}`, { headers, agent: false }, (response) => {
      this.#response = response
      response.on('data', (chunk: Buffer) => this.#read(chunk.toString()))
      response.on('close', () => (this.ended = true))
      response.on('error', () => undefined)
    })
    streams.push(this)
  }

  get type(): string | undefined {
    return this.#response?.headers['content-type']
  }

  pause(): void {
    this.#response?.pause()
  }

  resume(): void {
    this.#response?.resume()
  }

  close(): void {
    this.#response?.destroy()
  }

  async until(count: number): Promise<string[]> {
    const there = (): void => {
      if (this.all.length < count) throw new Error(`${this.all.length} events of ${count}: ${this.all.join('; ')}`)
    }
    await vi.waitFor(there, { timeout: 10_000, interval: 2 })
    return this.all
  }

  #read(chunk: string): void {
    this.#text += chunk
    const events = this.#text.split('\n\n')
    this.#text = events.pop() ?? ''
    for (const event of events) this.all.push(wordsOf(event))
  }
}

function wordsOf(event: string): string {
  const field = (name: string): string | undefined => new RegExp(`^${name}: (.*)$`, 'm').exec(event)?.[1]
  const data = JSON.parse(field('data') ?? '{}') as Record<string, unknown>
  const name = field('event') ?? ''
  expect(data['type']).toBe(name)
  expect(field('id') !== undefined).toBe(name === 'commit')
  const document = data['document'] as { metadata: { name: string; namespace: string } } | undefined
  if (name === 'put') return `put ${document?.metadata.namespace}/${document?.metadata.name}`
  if (name === 'delete') return `delete ${String(data['kind'])} ${String(data['namespace'])}/${String(data['name'])}`
  if (name === 'commit') expect(field('id')).toBe(data['version'])
  const detail = data['mode'] ?? data['version'] ?? data['retryMs'] ?? data['message']
  return detail === undefined ? name : `${name} ${detail as string | number}`
}

describe('GET /v1/config', () => {
  test('is JSON with the version and all documents, each with its namespace', async () => {
    const version = await publish(entry('a'), entry('b'))
    const answer = await ask('/v1/config?namespace=shop&labels=app%3Dx&node=n1', { accept: 'application/json' })
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' } })
    expect(json(answer)).toMatchObject({
      version,
      documents: [{ kind: 'ServiceEntry', metadata: { name: 'a', namespace: 'default' } }, { metadata: { name: 'b' } }],
    })
  })

  test('is a stream of YAML documents where that is asked for, with the version in the ETag only', async () => {
    const version = await publish(entry('a'), entry('b'))
    const answer = await ask('/v1/config', { accept: 'application/yaml, application/json;q=0.5' })
    expect(answer.headers).toMatchObject({ 'content-type': 'application/yaml', etag: `"${version}-yaml"` })
    const documents = answer.body.toString().split('---\n')
    expect(documents).toHaveLength(2)
    expect(documents[0]).toMatch(/^apiVersion: networking\.istio\.io\/v1\nkind: ServiceEntry\nmetadata:\n {2}name: a\n/)
    expect(answer.body.toString()).not.toContain(version)
    // what it says is what the JSON says
    const { documents: read } = json(await ask('/v1/config'))
    const again = await reader.read([{ name: 'again.yaml', text: answer.body.toString() }])
    expect((await again.documents()).map(({ value }) => value)).toEqual(read)
  })

  test('is JSON for whoever takes anything, and nothing for whoever takes neither', async () => {
    await publish(entry('a'))
    expect((await ask('/v1/config', { accept: '*/*' })).headers['content-type']).toBe('application/json')
    expect((await ask('/v1/config', { accept: 'text/html' })).status).toBe(406)
  })

  test('has a strong ETag, by which it answers 304 until there is something else', async () => {
    await publish(entry('a'))
    const first = await ask('/v1/config')
    const etag = first.headers.etag!
    expect(etag).toMatch(/^"[0-9a-f]+"$/)
    expect(first.headers['cache-control']).toMatch(/max-age=\d+/)
    expect(await ask('/v1/config', { 'if-none-match': `"other", ${etag}` })).toMatchObject({
      status: 304,
      headers: { etag },
      body: Buffer.alloc(0),
    })
    await publish(entry('a'), entry('b'))
    expect(namesOf(await ask('/v1/config', { 'if-none-match': etag }))).toEqual(['a', 'b'])
  })

  test('is compressed where that is asked for, and each form has a tag of its own', async () => {
    await publish(entry('a'))
    const plain = await ask('/v1/config')
    const zipped = await ask('/v1/config', { 'accept-encoding': 'gzip' })
    const brotli = await ask('/v1/config', { 'accept-encoding': 'gzip;q=0.5, br' })
    expect([zipped, brotli].map(({ headers }) => headers['content-encoding'])).toEqual(['gzip', 'br'])
    expect(gunzipSync(zipped.body)).toEqual(plain.body)
    expect(brotliDecompressSync(brotli.body)).toEqual(plain.body)
    expect(new Set([plain, zipped, brotli].map(({ headers }) => headers.etag)).size).toBe(3)
    expect((await ask('/v1/config', { 'accept-encoding': 'gzip;q=0' })).headers['content-encoding']).toBeUndefined()
  })

  test('waits on wish until there is something else, and says that it did', async () => {
    await publish(entry('a'))
    const { etag = '' } = (await ask('/v1/config')).headers
    const waiting = ask('/v1/config', { 'if-none-match': etag, prefer: 'wait=30' })
    await vi.waitFor(() => expect(clock.pendingTimers).toBe(2))
    await publish(entry('b'))
    const answer = await waiting
    expect(namesOf(answer)).toEqual(['b'])
    expect(answer.headers['preference-applied']).toBe('wait=30')
    expect(clock.pendingTimers).toBe(1)
  })

  test('waits no longer than it was asked to, nor than a minute', async () => {
    await publish(entry('a'))
    const { etag = '' } = (await ask('/v1/config')).headers
    for (const [prefer, seconds] of [
      ['wait=7', 7],
      ['respond-async, wait=600', 60],
    ] as const) {
      const waiting = ask('/v1/config', { 'if-none-match': etag, prefer })
      await vi.waitFor(() => expect(clock.pendingTimers).toBe(2))
      clock.advance(seconds * 1000)
      expect(await waiting).toMatchObject({ status: 304, headers: { 'preference-applied': `wait=${seconds}` } })
    }
  })

  test('does not wait for whoever has something else, and ends all waiting when it closes', async () => {
    await publish(entry('a'))
    expect((await ask('/v1/config', { prefer: 'wait=30' })).status).toBe(200)
    const { etag = '' } = (await ask('/v1/config')).headers
    const waiting = ask('/v1/config', { 'if-none-match': etag, prefer: 'wait=30' })
    await vi.waitFor(() => expect(clock.pendingTimers).toBe(2))
    feed.close()
    expect((await waiting).status).toBe(304)
  })

  test('is 503 before there is anything', async () => {
    expect(await ask('/v1/config')).toMatchObject({ status: 503, headers: { 'retry-after': '1' } })
    expect((await ask('/v1/stream')).status).toBe(503)
  })

  test('of a document that is refused there is the last good version', async () => {
    await publish(entry('a', { location: 'MESH_INTERNAL' }), entry('b'))
    await publish(entry('a', { resolution: 'NONSENSE' }), entry('b'))
    const { documents } = json(await ask('/v1/config'))
    expect(documents).toMatchObject([{}, { metadata: { name: 'a' }, spec: { location: 'MESH_INTERNAL' } }])
  })
})

describe('GET /v1/stream', () => {
  test('tells everything to whoever has nothing, as one transaction', async () => {
    const version = await publish(entry('a'), entry('b'))
    const events = new Events('/v1/stream?node=n1&namespace=shop')
    expect(await events.until(4)).toEqual(['intent full', 'put default/a', 'put default/b', `commit ${version}`])
    expect(events.type).toBe('text/event-stream')
    expect(feed.streams).toMatchObject([{ node: 'n1', namespace: 'shop' }])
  })

  test('tells what changed, and what is gone', async () => {
    await publish(entry('a'), entry('b'), entry('c'))
    const events = new Events('/v1/stream')
    await events.until(5)
    const version = await publish(entry('a'), entry('b', { location: 'MESH_INTERNAL' }), entry('d'))
    expect((await events.until(10)).slice(5)).toEqual([
      'intent changes',
      'put default/b',
      'put default/d',
      'delete ServiceEntry default/c',
      `commit ${version}`,
    ])
  })

  test.each([
    ['Last-Event-ID', (basis: string) => new Events('/v1/stream', { 'last-event-id': basis })],
    ['?basis=', (basis: string) => new Events(`/v1/stream?basis=${basis}`)],
  ])('%s names what the client has: it is told what changed since, or that nothing did', async (_, connect) => {
    const first = await publish(entry('a'), entry('b'))
    // the feed is of use to somebody
    await ask('/v1/config')
    const second = await publish(entry('a'), entry('c'))
    expect(await connect(first).until(4)).toEqual([
      'intent changes',
      'put default/c',
      'delete ServiceEntry default/b',
      `commit ${second}`,
    ])
    expect(await connect(second).until(1)).toEqual(['intent none'])
  })

  test('a basis that nobody knows is answered in full', async () => {
    const version = await publish(entry('a'))
    const events = new Events('/v1/stream?basis=unknown')
    expect(await events.until(3)).toEqual(['intent full', 'put default/a', `commit ${version}`])
  })

  test('a heartbeat comes every 15 s', async () => {
    await publish(entry('a'))
    const events = new Events('/v1/stream')
    await events.until(3)
    clock.advance(14_999)
    clock.advance(1)
    expect((await events.until(4)).slice(3)).toEqual(['heartbeat'])
    clock.advance(30_000)
    expect((await events.until(6)).slice(3)).toEqual(['heartbeat', 'heartbeat', 'heartbeat'])
  })

  test('an edit that is refused is told as an error, with its place and reason, and changes nothing', async () => {
    await publish(entry('a'))
    const events = new Events('/v1/stream')
    await events.until(3)
    await publish(entry('a', { resolution: 'NONSENSE' }))
    const [error, ...more] = (await events.until(4)).slice(3)
    expect(error).toMatch(/^error documents are refused: mesh\.json:1:\d+: ServiceEntry default\/a: .*NONSENSE/)
    expect(more).toEqual([])
  })

  test('goodbye is the last word of a server that closes', async () => {
    await publish(entry('a'))
    const events = new Events('/v1/stream')
    await events.until(3)
    feed.close()
    expect((await events.until(4)).at(-1)).toBe('goodbye 1000')
    await vi.waitFor(() => expect(events.ended).toBe(true))
  })

  test('a client that is slow gets the newest when it has drained, and no queue of what came between', async () => {
    const large = 'x'.repeat(400_000)
    const versions: string[] = []
    versions.push(await publish(entry('a')))
    const events = new Events('/v1/stream')
    await events.until(3)
    events.pause()
    for (let count = 0; count < 60; count++) {
      versions.push(
        await publish(entry('a', { endpoints: [{ address: '10.0.0.1', labels: { large, count: `${count}` } }] })),
      )
      await new Promise((resolve) => setImmediate(resolve))
    }
    events.resume()
    await vi.waitFor(() => expect(events.all.at(-1)).toBe(`commit ${versions.at(-1)}`), { timeout: 20_000 })
    expect(events.all.filter((event) => event.startsWith('commit')).length).toBeLessThan(60)
    expect(events.all.slice(-3)).toEqual(['intent changes', 'put default/a', `commit ${versions.at(-1)}`])
  })

  test('a client that is gone is forgotten', async () => {
    await publish(entry('a'))
    const events = new Events('/v1/stream')
    await events.until(3)
    events.close()
    await vi.waitFor(() => expect(feed.streams).toEqual([]))
  })
})

describe('POST /v1/status', () => {
  const rejected = {
    kind: 'VirtualService',
    namespace: 'shop',
    name: 'x',
    version: '1',
    path: 'spec.http',
    message: 'no',
  }

  test('takes what a node applies and what it refuses; the last report of a node counts', async () => {
    expect((await ask('/v1/status', {}, JSON.stringify({ node: 'n1', applied: '0', rejected: [] }))).status).toBe(204)
    const report = { node: 'n1', applied: '1', rejected: [rejected] }
    expect((await ask('/v1/status', {}, JSON.stringify(report))).status).toBe(204)
    expect(feed.reports.all()).toMatchObject([report])
  })

  test.each([
    ['not json', /is not JSON/],
    ['[]', /a report is/],
    ['{"applied": "1"}', /a report is/],
    ['{"node": "n", "rejected": [1]}', /a report is/],
  ])('says what is wrong with %s', async (body, reason) => {
    const answer = await ask('/v1/status', {}, body)
    expect(answer.status).toBe(400)
    expect((JSON.parse(answer.body.toString()) as { error: string }).error).toMatch(reason)
    expect(feed.reports.all()).toEqual([])
  })

  test('takes no more than 1 MiB', async () => {
    expect((await ask('/v1/status', {}, JSON.stringify({ node: 'x'.repeat(2_000_000) }))).status).toBe(413)
  })
})

test('what is not there is told, with what is', async () => {
  expect(JSON.parse((await ask('/v2/config')).body.toString())).toEqual({
    error: 'there is nothing at /v2/config; there is /v1/config, /v1/status, /v1/stream',
  })
  expect(await ask('/v1/config', {}, '{}')).toMatchObject({ status: 405, headers: { allow: 'GET' } })
})
