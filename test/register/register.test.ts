// node --import proxyless/register: applications as processes of their own that know nothing of a mesh.
import { cp, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js'
import { beforeAll, describe, expect, test } from 'vitest'
import { application, type Application } from '../kit/application.ts'
import { buildPackages } from '../kit/built.ts'
import { backend, closeAfterEach, opened } from '../kit/opened.ts'

closeAfterEach()
beforeAll(buildPackages, 120_000)

const register = ['--import', 'proxyless/register']

function entry(authority: string): string {
  const [address, port] = authority.split(':')
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: reviews }
spec:
  hosts: [reviews.example]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints: [{ address: ${address}, ports: { http: ${port} } }]
`
}

/** By fetch, and by node:http. */
const calls = `
const { get } = await import('node:http')
const byHttp = new Promise((resolve, reject) => {
  get('http://reviews.example/b', (response) => {
    response.resume()
    response.on('end', () => resolve(response.headers['x-backend']))
  }).on('error', (error) => resolve(error.code))
})
const byFetch = fetch('http://reviews.example/a').then((r) => r.headers.get('x-backend'), (e) => e.cause.code)
console.log(JSON.stringify([await byFetch, await byHttp]))
`

async function world(settings: Readonly<Record<string, string>> = {}): Promise<Application> {
  const b = await backend({ name: 'inside' })
  const files = { 'mesh/reviews.yaml': entry(b.authority), 'app.mjs': calls, 'app.cjs': `(async () => {${calls}})()` }
  return opened(await application({ ...files, ...settings }))
}

describe('an application', () => {
  test.each(['app.mjs', 'app.cjs'])('%s is led, ends by itself, and says so in one line', async (main) => {
    const app = await world({ 'proxyless.yaml': 'config: ./mesh\n' })
    expect(await app.run([...register, main])).toEqual({
      code: 0,
      out: '["inside","inside"]\n',
      err: 'proxyless: leads fetch, node:http, grpc-js; 1 virtual host, 2 clusters\n',
    })
  })

  test('is configured by variables, which win over the file', async () => {
    const app = await world({ 'proxyless.yaml': 'config: ./nowhere\ninstall: [http]\n' })
    const { out, err } = await app.run([...register, 'app.mjs'], { PROXYLESS_CONFIG: './mesh' })
    expect(out).toMatch(/^\["(ENOTFOUND|EAI_AGAIN)","inside"\]/)
    expect(err).toContain('leads node:http;')
  })

  test('has its worker threads led as well', async () => {
    const app = await world({ 'proxyless.yaml': 'config: ./mesh\n' })
    await app.write('main.mjs', `import { Worker } from 'node:worker_threads'; new Worker('./app.mjs')`)
    const { code, out, err } = await app.run([...register, 'main.mjs'])
    expect([code, out]).toEqual([0, '["inside","inside"]\n'])
    expect(err.split('\n').filter((line) => line !== '')).toHaveLength(1)
  })

  test('is left as it is with PROXYLESS_MODE=off, and led by nobody', async () => {
    const app = await world({ 'proxyless.yaml': 'config: ./mesh\nmode: off\n' })
    const { code, out, err } = await app.run([...register, 'app.mjs'])
    expect([code, err]).toEqual([0, ''])
    expect(out).not.toContain('inside')
  })

  test('observed, is told what would have happened', async () => {
    const app = await world({ 'proxyless.yaml': 'config: ./mesh\n' })
    const { out, err } = await app.run([...register, 'app.mjs'], { PROXYLESS_MODE: 'observe' })
    expect(out).not.toContain('inside')
    expect(err).toContain('proxyless: observes fetch, node:http, grpc-js;')
    expect(err.match(/proxyless observes: GET http:\/\/reviews.example would go to outbound\|80\|\|/g)).toHaveLength(1)
  })

  test('may import the mesh that leads it', async () => {
    const app = await world({ 'proxyless.yaml': 'config: ./mesh\n' })
    await app.write('main.mjs', `import { mesh } from 'proxyless/register'; console.log(mesh.status().virtualHosts)`)
    expect((await app.run([...register, 'main.mjs'])).out).toBe('1\n')
  })
})

describe('what comes in', () => {
  const serves = `
const { createServer } = await import('node:http')
const { once } = await import('node:events')
const server = createServer(async (request, response) => {
  const { headers } = await fetch('http://reviews.example/')
  response.end(headers.get('x-user'))
}).listen(0, '127.0.0.1')
await once(server, 'listening')
const { get } = await import('node:http')
get({ port: server.address().port, headers: { 'end-user': 'jason' } }, async (response) => {
  console.log(Buffer.concat(await response.toArray()).toString())
  server.close()
  server.closeAllConnections()
})
`

  test.each([
    ['is inherited as the settings say', { PROXYLESS_INHERIT: 'end-user' }, 'jason'],
    ['is not where they say so', { PROXYLESS_INHERIT: 'end-user', PROXYLESS_INBOUND: 'off' }, 'nobody'],
    ['is inherited by name only', {}, 'nobody'],
  ])('%s', async (_, env, user) => {
    const b = await backend({ handler: (request) => ({ headers: ['x-user', request.header('end-user') ?? 'nobody'] }) })
    const files = { 'mesh/reviews.yaml': entry(b.authority), 'app.mjs': serves, 'proxyless.yaml': 'config: ./mesh' }
    const app = opened(await application(files))
    expect(await app.run([...register, 'app.mjs'], env as Record<string, string>)).toMatchObject({
      code: 0,
      out: `${user}\n`,
    })
  })
})

describe('settings', () => {
  test('that are wrong are named with their place, and nothing starts', async () => {
    const app = await world({ 'proxyless.yaml': 'config: ./mesh\nstrikt: true\n' })
    const { code, out, err } = await app.run([...register, 'app.mjs'])
    expect([code, out]).toEqual([1, ''])
    expect(err).toContain('proxyless: proxyless.yaml:2:1: unknown option "strikt"; known are config, mode, install')
    expect(err).toContain('PROXYLESS_MODE=off starts it without a mesh')
  })

  test('without documents to read are an error too', async () => {
    const app = await world()
    const { code, err } = await app.run([...register, 'app.mjs'], { PROXYLESS_CONFIG: './nowhere' })
    expect(code).toBe(1)
    expect(err).toContain('proxyless: nowhere: cannot be read')
  })

  test('of a variable that means nothing are told', async () => {
    const app = await world()
    const env = { PROXYLESS_CONFIG: './mesh', PROXYLESS_STRIKT: 'true', PROXYLESS_SERVICE_HOST: '10.0.0.1' }
    const { code, err } = await app.run([...register, 'app.mjs'], env)
    expect(code).toBe(0)
    expect(err.match(/is not a variable/g)).toHaveLength(1)
    expect(err).toContain('proxyless: PROXYLESS_STRIKT is not a variable of proxyless and is ignored')
  })
})

test('two copies of the package lead each call once: the second one leaves alone what the first has taken in', async () => {
  const app = await world({ 'proxyless.yaml': 'config: ./mesh\n' })
  const packages = new URL('../../packages/', import.meta.url)
  for (const name of await readdir(packages)) {
    const to = join(app.directory, 'other/node_modules', name === 'proxyless' ? name : `@proxyless/${name}`)
    for (const part of ['package.json', 'dist']) {
      await cp(new URL(`${name}/${part}`, packages), join(to, part), { recursive: true })
    }
  }
  await app.write(
    'other/mesh.mjs',
    `import { createMesh } from 'proxyless'
    export const other = await createMesh({ config: './mesh' })
    export const held = other.install()`,
  )
  await app.write(
    'main.mjs',
    `import { mesh } from 'proxyless/register'
    import { other, held } from './other/mesh.mjs'
    import { get } from 'node:http'
    const backends = []
    const ask = async (answer) => backends.push((await answer).headers.get('x-backend'))
    await ask(fetch('http://reviews.example/'))
    await ask(other.fetch('http://reviews.example/'))
    await new Promise((resolve) => get('http://reviews.example/', { agent: other.httpAgent }, (response) => {
      backends.push(response.headers['x-backend'])
      response.resume().on('end', resolve)
    }))
    held[Symbol.dispose]()
    await ask(fetch('http://reviews.example/'))
    const counts = async (of) => (await of.doctor()).clients.map(({ meshed, calls }) => [meshed, calls])
    console.log(JSON.stringify([backends, await counts(mesh), await counts(other)]))
    await other.close()`,
  )
  const { out, err } = await app.run([...register, 'main.mjs'])
  const [backends, first, second] = JSON.parse(out) as unknown[]
  expect(backends).toEqual(['inside', 'inside', 'inside', 'inside'])
  // what went through the other one's fetch and agent has not come by again
  expect(first).toEqual([
    [true, 2],
    [true, 0],
    [true, 0],
  ])
  expect(second).toEqual([
    [false, 0],
    [false, 0],
    [false, 0],
  ])
  expect(err).toContain('another mesh is installed in this process')
})

test('a stream of xDS that waits for news does not keep an application alive', async () => {
  const server = new Server()
  const nonces = (buffer: Buffer): Buffer => buffer
  const method = {
    path: '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources',
    requestStream: true,
    responseStream: true,
    requestSerialize: nonces,
    requestDeserialize: nonces,
    responseSerialize: nonces,
    responseDeserialize: nonces,
  }
  server.addService(
    { stream: method },
    {
      // one empty answer for each kind of resource that is asked for
      stream: (stream: ServerDuplexStream<Buffer, Buffer>) => {
        const answered = new Set<string>()
        stream.on('error', () => undefined)
        stream.on('data', (request: Buffer) => {
          const kind = /type\.googleapis\.com\/[\w.]+/.exec(request.toString('latin1'))?.[0]
          if (kind === undefined || answered.has(kind)) return
          answered.add(kind)
          stream.write(Buffer.concat([field(1, '1'), field(4, kind), field(5, 'nonce')]))
        })
      },
    },
  )
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, at) =>
      error === null ? resolve(at) : reject(error),
    ),
  )
  opened({ close: () => Promise.resolve(server.forceShutdown()) })
  const app = opened(await application({ 'app.mjs': `console.log('started')` }))
  const { code, out } = await app.run([...register, 'app.mjs'], { PROXYLESS_CONFIG: `xds://127.0.0.1:${port}` })
  expect([code, out]).toEqual([0, 'started\n'])
})

/** A text of a protobuf message. */
function field(number: number, text: string): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2, text.length]), Buffer.from(text)])
}
