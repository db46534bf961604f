// A feed as the configuration of a mesh: what the parts do together. The rules of feeds are tested in packages/feed.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { runCheck } from './cli/check.ts'
import { createMesh, feed, type Mesh } from './index.ts'

interface Served {
  readonly type: string
  readonly body: string
}

let served: Served | undefined
let directory: string
let url: string
const asked: string[] = []
const server = createServer((request, response) => {
  asked.push(`${request.method} ${request.url}`)
  if (served === undefined || !request.url?.includes('config')) {
    response.writeHead(served === undefined ? 503 : 404).end()
    return
  }
  response.writeHead(200, { 'content-type': served.type }).end(served.body)
})

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'proxyless-feed-'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mesh`
  asked.length = 0
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await rm(directory, { recursive: true })
})

const entry = (host: string, ports: readonly number[] = [9], spec: object = {}): object => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'ServiceEntry',
  metadata: { name: host.replaceAll('.', '-') },
  spec: {
    hosts: [host],
    resolution: 'STATIC',
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
    endpoints: ports.map((port) => ({ address: '127.0.0.1', ports: { http: port } })),
    ...spec,
  },
})

const answer = (host: string, status: number): object => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name: host.replaceAll('.', '-') },
  spec: { hosts: [host], http: [{ directResponse: { status } }] },
})

function serve(...documents: readonly object[]): void {
  served = { type: 'application/json', body: JSON.stringify({ version: 'v', documents }) }
}

const statusOf = async (mesh: Mesh, host: string): Promise<number> => (await mesh.fetch(`http://${host}/`)).status
const quick = (): ReturnType<typeof feed> => feed({ url, stream: false, pollMs: 100 })
const eventually = (check: () => unknown): Promise<unknown> => vi.waitFor(check, { timeout: 10_000, interval: 10 })

test('the address alone is enough: the mesh asks below it and says who it is', async () => {
  serve(entry('a.example'), answer('a.example', 204))
  await using mesh = await createMesh({ config: url, workload: { namespace: 'shop', labels: { app: 'x' } } })
  expect(await statusOf(mesh, 'a.example')).toBe(204)
  expect(asked[0]).toMatch(/^GET \/mesh\/v1\/config\?namespace=shop&labels=app%3Dx&node=/)
  expect(await mesh.ready()).toMatchObject({ state: 'live' })
})

test('proxyless check reads a feed as it reads a file', async () => {
  serve(entry('a.example'), { ...answer('a.example', 204), spec: { hosts: 7 } })
  const out = new PassThrough()
  expect(await runCheck([url], { namespace: 'shop' }, out)).toBe(1)
  expect(String(out.read())).toContain(`${url}/v1/config#VirtualService/a-example:`)
  expect(asked.every((line) => line.startsWith('GET /mesh/v1/config?namespace=shop&node=proxyless-check-'))).toBe(true)
})

test('explain names the feed and the document', async () => {
  serve(entry('a.example'), answer('a.example', 204))
  await using mesh = await createMesh({ config: url })
  const text = String(mesh.explain({ url: 'http://a.example/' }))
  expect(text).toContain(`VirtualService default/a-example, ${url}/v1/config#VirtualService/a-example:`)
})

test('a feed that cannot be reached is named when there is nothing to start with', async () => {
  served = undefined
  const failure: unknown = await createMesh({ config: url }).catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 'CONFIG_UNAVAILABLE' })
  expect(String(failure)).toContain(`${url}/v1/config: the feed answers 503`)
})

test.each([
  [{ url: 'mesh' }, 'feed: url must be an http:// or https:// address, not "mesh"'],
  [{ url: 'http://x', polMs: 1 }, 'feed: unknown option "polMs"'],
  [{ url: 'http://x', pollMs: 1 }, 'feed: pollMs must be'],
  [{ url: 'http://x', headers: 'a: b' }, 'feed: headers must be'],
  [{ url: 'http://x', stream: 'yes' }, 'feed: stream must be true or false'],
])('feed refuses %j by name', (options, message) => {
  expect(() => feed(options as never)).toThrow(message)
})

test('every option of feed has a row in OPTIONS.md', async () => {
  const page = await readFile(new URL('../../../OPTIONS.md', import.meta.url), 'utf8')
  const section = page.slice(page.indexOf('## `feed(options)`'), page.indexOf('## `xds(options)`'))
  const refusal = ((): string => {
    try {
      feed({ url: 'http://x', unknown: 1 } as never)
      return ''
    } catch (error) {
      return String(error)
    }
  })()
  const known = /known are ([\w, ]+)/.exec(refusal)?.[1]?.trim().split(', ') ?? []
  expect(known).toContain('cache')
  expect([...section.matchAll(/^\| `(\w+)` \|/gm)].map((row) => row[1])).toEqual(known)
})

test('a document that does not validate is refused by name, place and reason; its previous version and the rest are used', async () => {
  serve(entry('a.example'), answer('a.example', 204), answer('b.example', 204), entry('b.example'))
  await using mesh = await createMesh({ config: quick() })
  const broken = {
    ...answer('a.example', 205),
    spec: { hosts: ['a.example'], http: [{ directResponse: { status: 'x' } }] },
  }
  serve(entry('a.example'), broken, answer('b.example', 206), entry('b.example'))
  await eventually(() => expect(mesh.status().problems).toHaveLength(1))
  expect(mesh.status().problems[0]).toMatchObject({
    severity: 'error',
    outcome: 'kept',
    resource: 'VirtualService default/a-example',
    path: 'spec.http[0].directResponse.status',
    source: `${url}/v1/config#VirtualService/a-example`,
  })
  expect(await statusOf(mesh, 'a.example')).toBe(204)
  expect(await statusOf(mesh, 'b.example')).toBe(206)
})

test('YAML with more than 100 aliases is refused, and nothing is lost', async () => {
  const good = `${JSON.stringify(entry('a.example'))}\n---\n${JSON.stringify(answer('a.example', 204))}\n`
  served = { type: 'application/yaml', body: good }
  await using mesh = await createMesh({ config: quick() })
  const labels = Array.from({ length: 101 }, (_, index) => `    l${index}: *x`).join('\n')
  const bomb = `---\nkind: ServiceEntry\nmetadata:\n  name: bomb\n  labels:\n    x: &x a\n${labels}\n`
  served = { type: 'application/yaml', body: good + bomb }
  await eventually(() => expect(mesh.status().problems).toHaveLength(1))
  expect(mesh.status().problems[0]).toMatchObject({
    code: 'YAML_ALIASES',
    severity: 'error',
    source: `${url}/v1/config`,
  })
  expect(await statusOf(mesh, 'a.example')).toBe(204)
})

test.each([
  ['a list without items', 'application/yaml', 'apiVersion: v1\nkind: List\nitems: []\n'],
  ['an empty array', 'application/json', '[]'],
  ['null', 'application/json', 'null'],
  [
    'documents that are lists without items',
    'application/json',
    '{"documents": [{"kind": "List", "items": []}, null]}',
  ],
])('an empty configuration is refused however it is said: %s', async (_what, type, body) => {
  serve(entry('a.example'), answer('a.example', 204))
  await using mesh = await createMesh({ config: quick() })
  served = { type, body }
  await eventually(() => expect(mesh.status().problems).toMatchObject([{ code: 'FEED_EMPTY', outcome: 'kept' }]))
  expect(await statusOf(mesh, 'a.example')).toBe(204)
})

test('more than half of the endpoints gone at once is applied, and told', async () => {
  serve(entry('a.example', [1, 2, 3, 4]))
  await using mesh = await createMesh({ config: quick() })
  serve(entry('a.example', [1, 2]))
  const endpoints = (): number | undefined =>
    mesh.status().clusters.find(({ name }) => name.includes('a.example'))?.endpoints.length
  await eventually(() => expect(endpoints()).toBe(2))
  expect(mesh.status().problems).toEqual([])
  serve(entry('a.example', [3]))
  await eventually(() => expect(endpoints()).toBe(1))
  expect(mesh.status().problems).toMatchObject([{ code: 'ENDPOINTS_LOST', severity: 'warning', outcome: 'applied' }])
  expect(mesh.status().problems[0]?.message).toContain('lost 2 of its 2 endpoints')
})

test('with a cache a mesh starts without its feed, says so, and is live when the feed is back', async () => {
  serve(entry('a.example'), answer('a.example', 204))
  const config = feed({ url, stream: false, pollMs: 100, cache: directory })
  await using first = await createMesh({ config })
  await first.close()
  served = undefined
  await using mesh = await createMesh({ config })
  expect(await mesh.ready()).toMatchObject({ state: 'cached' })
  expect(await statusOf(mesh, 'a.example')).toBe(204)
  expect(mesh.status().problems).toMatchObject([{ code: 'FEED_UNREACHABLE', outcome: 'kept' }])
  serve(entry('a.example'), answer('a.example', 205))
  await eventually(async () => expect(await mesh.ready()).toMatchObject({ state: 'live' }))
  await eventually(async () => expect(await statusOf(mesh, 'a.example')).toBe(205))
  expect(mesh.status().problems).toEqual([])
  served = undefined
  await eventually(async () => expect(await mesh.ready()).toMatchObject({ state: 'stale' }))
})

test('layers: later ones win per document, without a complaint, and explain names the one that won', async () => {
  const file = join(directory, 'mesh.yaml')
  const texts = [entry('a.example'), answer('a.example', 204), entry('b.example'), answer('b.example', 204)]
  await writeFile(file, texts.map((text) => JSON.stringify(text)).join('\n---\n'))
  serve(answer('b.example', 206))
  await using mesh = await createMesh({ config: [file, quick()], strict: true })
  expect(mesh.status().problems).toEqual([])
  expect([await statusOf(mesh, 'a.example'), await statusOf(mesh, 'b.example')]).toEqual([204, 206])
  expect(String(mesh.explain({ url: 'http://a.example/' }))).toContain(`${file}:3:`)
  expect(String(mesh.explain({ url: 'http://b.example/' }))).toContain(`${url}/v1/config#VirtualService/b-example:`)

  const broken = { ...answer('b.example', 207), spec: { hosts: ['b.example'], http: [{ directResponse: {} }] } }
  serve(broken)
  await eventually(() => expect(mesh.status().problems).toHaveLength(1))
  expect(mesh.status().problems[0]).toMatchObject({ outcome: 'kept' })
  expect(await statusOf(mesh, 'b.example')).toBe(206)

  serve(answer('c.example', 208))
  await eventually(async () => expect(await statusOf(mesh, 'b.example')).toBe(204))
})

test('layers: what is wrong with one stays told when another changes', async () => {
  served = undefined
  const file = join(directory, 'mesh.yaml')
  await writeFile(file, JSON.stringify([entry('a.example'), answer('a.example', 204)]))
  await using mesh = await createMesh({ config: [file, quick()] })
  expect(mesh.status().problems).toMatchObject([{ code: 'FEED_UNREACHABLE' }])
  await writeFile(file, JSON.stringify([entry('a.example'), answer('a.example', 205)]))
  await eventually(async () => expect(await statusOf(mesh, 'a.example')).toBe(205))
  await eventually(() => expect(mesh.status().problems).toMatchObject([{ code: 'FEED_UNREACHABLE' }]))
  serve(answer('b.example', 206))
  await eventually(() => expect(mesh.status().problems).toEqual([]))
})

test('layers: texts without documents are no paths', async () => {
  await using mesh = await createMesh({ config: ['', ' ', '# nothing', '---', '{}', answer('a.example', 204)] })
  expect(await statusOf(mesh, 'a.example')).toBe(204)
})

test('layers: documents given in code over a path over an address, and a feed that is away', async () => {
  served = undefined
  const file = join(directory, 'mesh.yaml')
  await writeFile(file, JSON.stringify(entry('a.example')))
  await using mesh = await createMesh({ config: [url, file, answer('a.example', 204)] })
  expect(await statusOf(mesh, 'a.example')).toBe(204)
  expect(mesh.status().problems).toMatchObject([{ code: 'FEED_UNREACHABLE', outcome: 'void' }])
})
