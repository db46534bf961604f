// proxyless serve as a whole, on real sockets: what it prints, and meshes that follow it by xDS and by its feed.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createMesh, type CreateMeshOptions, feed, type Mesh, xds } from '../index.ts'
import { runCommand } from './command.ts'

const node = {
  id: 'sidecar~127.0.0.1~web.shop~shop.svc.cluster.local',
  metadata: { NAMESPACE: 'shop', LABELS: { app: 'web' } },
}

let directory: string
let backend: Server
const closing: (() => Promise<unknown>)[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'proxyless-serve-'))
  backend = createServer((request, response) => response.end(`seen ${request.url}`))
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve))
})

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
  backend.closeAllConnections()
  await new Promise((resolve) => backend.close(resolve))
  await rm(directory, { recursive: true })
})

const reviews = (): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: reviews, namespace: shop }
spec:
  hosts: [reviews.shop.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: 9080, name: http, protocol: HTTP }]
  endpoints: [{ address: 127.0.0.1, ports: { http: ${(backend.address() as AddressInfo).port} } }]
`

const rule = (prefix: string, extra = ''): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: shop }
spec:
  hosts: [reviews]
  http:
    - rewrite: { uri: ${prefix} }
      route: [{ destination: { host: reviews } }]
${extra}`

async function write(name: string, text: string): Promise<void> {
  await writeFile(join(directory, name), text)
}

interface Serving {
  readonly xds: string
  readonly http: string
  out(): string
  err(): string
  /** Resolves to the exit code. */
  end(): Promise<number>
}

async function serve(config = directory, ...more: readonly string[]): Promise<Serving> {
  const [out, err] = [collected(), collected()]
  const ended = new AbortController()
  const words = ['serve', '--config', config, '--xds', '127.0.0.1:0', '--http', '127.0.0.1:0', ...more]
  const code = runCommand(words, { out: out.stream, err: err.stream, ended: () => ended.signal })
  const end = (): Promise<number> => {
    ended.abort()
    return code
  }
  closing.push(end)
  const said = (pattern: RegExp): string => pattern.exec(out.text())?.[1] ?? ''
  await vi.waitFor(() => expect(said(/metrics on (\S+)\n/)).not.toBe(''), { timeout: 10_000, interval: 5 })
  return { xds: said(/^xDS on (\S+)$/m), http: said(/metrics on (\S+)\n/), out: out.text, err: err.text, end }
}

function collected(): { stream: PassThrough; text: () => string } {
  const stream = new PassThrough()
  let all = ''
  stream.on('data', (chunk: Buffer) => (all += chunk.toString()))
  return { stream, text: () => all }
}

async function meshOn(config: CreateMeshOptions['config']): Promise<Mesh> {
  const mesh = await createMesh({ config, workload: { namespace: 'shop', labels: { app: 'web' } } })
  closing.push(() => mesh.close())
  return mesh
}

const answerOf = async (mesh: Mesh): Promise<string> => (await mesh.fetch('http://reviews:9080/x')).text()
const soon = { timeout: 10_000, interval: 10 }
const json = async (url: string): Promise<unknown> => (await fetch(url)).json()

const ways: [string, (serving: Serving) => CreateMeshOptions['config']][] = [
  ['xDS, state of the world', (serving) => xds({ server: serving.xds, node })],
  ['xDS, delta', (serving) => xds({ server: serving.xds, node, protocol: 'delta' })],
  ['xDS, as gRPC asks', (serving) => xds({ server: serving.xds, node, hosts: ['reviews:9080'] })],
  ['the feed’s stream', (serving) => feed({ url: serving.http })],
  ['the feed, polled', (serving) => feed({ url: serving.http, stream: false, pollMs: 100 })],
]

describe.each(ways)('by %s', (way, configOf) => {
  test('a mesh follows the documents; a broken edit costs nothing and is told with its place', async () => {
    await write('a.yaml', reviews())
    await write('b.yaml', rule('/one/'))
    const serving = await serve()
    const mesh = await meshOn(configOf(serving))
    expect(await answerOf(mesh)).toBe('seen /one/x')
    await write('b.yaml', rule('/two/'))
    await vi.waitFor(async () => expect(await answerOf(mesh)).toBe('seen /two/x'), soon)
    await write('b.yaml', rule('/three/', '      timeout: soon\n'))
    await vi.waitFor(
      () => expect(serving.err()).toMatch(/b\.yaml:9:16: error: spec\.http\[0\]\.timeout: .*INVALID_VALUE/),
      soon,
    )
    expect(await answerOf(mesh)).toBe('seen /two/x')
    await write('b.yaml', rule('/four/'))
    await vi.waitFor(async () => expect(await answerOf(mesh)).toBe('seen /four/x'), soon)
    expect(await json(`${serving.http}/debug/nacks`)).toMatchObject({ now: [], total: 0, feed: [] })
    if (!way.startsWith('xDS')) return
    const { xds: clients } = (await json(`${serving.http}/debug/clients`)) as { xds: object[] }
    const dialect = way.includes('gRPC') ? 'api' : 'sidecar'
    const protocol = way.includes('delta') ? 'delta' : 'sotw'
    expect(clients).toMatchObject([
      { id: node.id, dialect, protocol, workload: { namespace: 'shop', labels: { app: 'web' } } },
    ])
  })
})

test('explain over xDS names the documents, and with --lines their lines, as over the documents themselves', async () => {
  await write('a.yaml', reviews())
  await write('b.yaml', rule('/one/', '      timeout: 3s\n'))
  const explained = async (config: CreateMeshOptions['config']): Promise<string> =>
    (await meshOn(config)).explain('http://reviews:9080/x').toString()
  const [plain, lined] = [await serve(), await serve(directory, '--lines')]
  const own = await explained(directory)
  expect(own).toMatch(/3000 ms for all attempts +\(VirtualService shop\/reviews spec\.http\[0\]\.timeout, .*b\.yaml:9:/)
  for (const dialect of [{}, { hosts: ['reviews:9080'] }]) {
    expect(await explained(xds({ server: lined.xds, node, ...dialect }))).toBe(own)
    expect(await explained(xds({ server: plain.xds, node, ...dialect }))).toBe(own.replaceAll(/, \S+:\d+:\d+\)/g, ')'))
  }
})

test('a feed’s client reports what it applies, and what it refuses is told', async () => {
  await write('a.yaml', reviews())
  const serving = await serve()
  const mesh = await meshOn(serving.http)
  await vi.waitFor(async () => {
    const { version, feed } = (await json(`${serving.http}/debug/clients`)) as {
      version: string
      feed: { streams: object[]; reports: object[] }
    }
    expect(feed.streams).toMatchObject([{ namespace: 'shop', labels: 'app=web' }])
    expect(feed.reports).toMatchObject([{ applied: version, rejected: [] }])
  }, soon)
  await mesh.close()
})

test('one may be fed by another: what is written there arrives here, and that it is applied is told there', async () => {
  await write('a.yaml', reviews())
  await write('b.yaml', rule('/one/'))
  const first = await serve()
  const second = await serve(first.http)
  const mesh = await meshOn(xds({ server: second.xds, node }))
  expect(await answerOf(mesh)).toBe('seen /one/x')
  await write('b.yaml', rule('/two/'))
  await vi.waitFor(async () => expect(await answerOf(mesh)).toBe('seen /two/x'), soon)
  await vi.waitFor(async () => {
    const { version, feed: reported } = (await json(`${first.http}/debug/clients`)) as {
      version: string
      feed: { reports: object[] }
    }
    expect(reported.reports).toMatchObject([{ applied: version, rejected: [] }])
  }, soon)
})

test('/debug/config has the documents, their problems, what each workload is served, and what a client is given', async () => {
  await write('a.yaml', reviews())
  await write('b.yaml', rule('/one/', '      timeout: soon\n'))
  const serving = await serve()
  await meshOn(xds({ server: serving.xds, node }))
  expect(await json(`${serving.http}/debug/config`)).toMatchObject({
    documents: [{ kind: 'ServiceEntry', namespace: 'shop', name: 'reviews' }],
    problems: [{ code: 'INVALID_VALUE', line: 9, outcome: 'void' }],
    views: [{ workload: { namespace: 'shop' }, clients: 1, served: { sidecar: { listener: { count: 2 } } } }],
  })
  const given = (await json(`${serving.http}/debug/config?node=${encodeURIComponent(node.id)}`)) as {
    resources: { endpoints: { names: object } }
  }
  expect(Object.keys(given.resources.endpoints.names)).toContain('outbound|9080||reviews.shop.svc.cluster.local')
  expect((await fetch(`${serving.http}/debug/config?node=nobody`)).status).toBe(404)
})

test('it is ready when clients may come, says where, and ends with 0 when it is told to', async () => {
  await write('a.yaml', reviews())
  const serving = await serve()
  expect((await fetch(`${serving.http}/ready`)).status).toBe(200)
  expect(serving.out()).toMatch(/^1 document in force, version [0-9a-f]+: 0 errors, 0 warnings, 0 remarks$/m)
  const mesh = await meshOn(xds({ server: serving.xds, node }))
  expect(await serving.end()).toBe(0)
  await expect(fetch(`${serving.http}/ready`)).rejects.toThrow('fetch failed')
  expect(await answerOf(mesh)).toBe('seen /x')
})

describe('asked wrongly it says what would be right, and exits with 2:', () => {
  const run = async (...words: readonly string[]): Promise<{ code: number; err: string }> => {
    const err = collected()
    const ended = (): AbortSignal => AbortSignal.abort()
    const code = await runCommand(['serve', ...words], { out: collected().stream, err: err.stream, ended })
    return { code, err: err.text() }
  }

  test('a path that does not exist', async () => {
    const { code, err } = await run('--config', join(directory, 'nowhere'), '--http', '127.0.0.1:0')
    expect(code).toBe(2)
    expect(err).toMatch(/nowhere.*ENOENT.*--config names a file or directory/)
  })

  test('an address that is taken', async () => {
    await write('a.yaml', reviews())
    const taken = `127.0.0.1:${(backend.address() as AddressInfo).port}`
    const http = await run('--config', directory, '--http', taken)
    expect(http).toMatchObject({ code: 2, err: expect.stringMatching(/EADDRINUSE.*--http HOST:PORT/) as string })
    const byXds = await run('--config', directory, '--http', '127.0.0.1:0', '--xds', taken)
    expect(byXds).toMatchObject({ code: 2, err: expect.stringMatching(/EADDRINUSE.*--xds HOST:PORT/) as string })
  })

  test.each(['15010', ':15010', '127.0.0.1', '127.0.0.1:x', '127.0.0.1:99999'])('the address %s', async (address) => {
    const { code, err } = await run('--config', directory, '--xds', address)
    expect(code).toBe(2)
    expect(err).toContain(`--xds wants HOST:PORT such as 127.0.0.1:15010 (port 0: any free one), not "${address}"`)
  })

  test('no path at all', async () => {
    expect((await run()).code).toBe(2)
  })
})

test('--help names every option, what is served, and where', async () => {
  const out = collected()
  const ended = (): AbortSignal => AbortSignal.abort()
  expect(await runCommand(['serve', '--help'], { out: out.stream, err: collected().stream, ended })).toBe(0)
  for (const word of [
    '--config',
    '--xds',
    '--http',
    '--strict',
    '--lines',
    '127.0.0.1:15010',
    '127.0.0.1:15080',
    '/debug/clients',
    '/debug/config',
    '/debug/nacks',
    '/ready',
    '/metrics',
  ])
    expect(out.text()).toContain(word)
})
