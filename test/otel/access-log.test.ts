// The access log of real calls; beside Envoy's own in test/peers/envoy/access-log.peer.ts.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { beforeAll, expect, test } from 'vitest'
import { application } from '../kit/application.ts'
import { buildPackages } from '../kit/built.ts'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { freePort } from '../kit/free-port.ts'
import { backend, closeAfterEach, mesh, opened } from '../kit/opened.ts'
import { until } from '../kit/until.ts'

closeAfterEach()
beforeAll(buildPackages, 120_000)

test("as JSON it has the keys of Istio's proxies, null where a process without one has nothing", async () => {
  const b = await backend({ handler: () => ({ body: '0123456789' }) })
  const lines: string[] = []
  const hosts = [host(['a'], [route(forward('c'), {}, 'way')]), host(['gone'], [route(forward('closed'))])]
  const accessLog = { format: 'json', write: (line: string) => void lines.push(line) } as const
  const closed = cluster('closed', [endpoint(`127.0.0.1:${await freePort()}`)])
  const m = await mesh(config(hosts, [cluster('c', [endpoint(b.authority)]), closed]), { accessLog })
  const headers = { 'user-agent': 'ua', 'x-request-id': 'id' }
  await (await m.fetch('http://a:90/x?y', { method: 'PUT', body: 'abc', headers })).text()
  await (await m.fetch('http://gone/')).text()
  const [good, bad] = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(good).toEqual({
    authority: 'a:90',
    bytes_received: 3,
    bytes_sent: 10,
    connection_termination_details: null,
    downstream_local_address: null,
    downstream_remote_address: null,
    duration: expect.any(Number) as unknown,
    method: 'PUT',
    path: '/x?y',
    protocol: 'HTTP/1.1',
    request_id: 'id',
    requested_server_name: null,
    response_code: 200,
    response_code_details: 'via_upstream',
    response_flags: '-',
    route_name: 'way',
    start_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z$/) as unknown,
    upstream_cluster: 'c',
    upstream_host: b.authority,
    upstream_local_address: null,
    upstream_service_time: expect.stringMatching(/^\d+$/) as unknown,
    upstream_transport_failure_reason: null,
    user_agent: 'ua',
    x_forwarded_for: null,
  })
  expect(bad).toMatchObject({
    response_code: 503,
    response_flags: 'UF',
    response_code_details: expect.stringContaining('remote_connection_failure|') as unknown,
    upstream_service_time: null,
    upstream_transport_failure_reason: expect.stringContaining('ECONNREFUSED') as unknown,
  })
})

test('a caller that gives up leaves a 0 and DC', async () => {
  const b = await backend({ handler: () => ({ instead: 'hang' }) })
  const lines: string[] = []
  const m = await mesh(config([host(['a'], [route(forward('c'))])], [cluster('c', [endpoint(b.authority)])]), {
    accessLog: { write: (line) => lines.push(line) },
  })
  const leaving = new AbortController()
  const call = m.fetch('http://a/', { signal: leaving.signal })
  await until(() => b.requests.length === 1)
  leaving.abort()
  await expect(call).rejects.toThrow('aborted')
  expect(lines).toEqual([expect.stringMatching(/"GET \/ HTTP\/1\.1" 0 DC 0 0 \d+ - "-"/)])
})

test('a reader of standard output that has gone does no harm', async () => {
  const calls = `
import { createMesh } from 'proxyless'
const mesh = await createMesh({ config: './mesh', accessLog: 'text' })
const call = async () => (await mesh.fetch('http://reviews.example/')).text()
await call()
process.stdin.resume().once('end', async () => {
  for (let i = 0; i < 3; i++) {
    await call()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await mesh.close()
  process.stderr.write('done')
})
`
  const app = opened(await application({ 'mesh/none.yaml': '', 'app.mjs': calls }))
  const child = spawn(process.execPath, ['app.mjs'], { cwd: app.directory })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await once(child.stdout, 'data')
  child.stdout.destroy()
  await once(child.stdout, 'close')
  child.stdin.end()
  const [code] = (await once(child, 'exit')) as [number | null]
  await until(() => said.includes('done'))
  expect([code, said]).toEqual([0, 'done'])
})

test('it goes to standard output, by a variable alone', async () => {
  const b = await backend()
  const [address, port] = b.authority.split(':')
  const entry = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: reviews }
spec:
  hosts: [reviews.example]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints: [{ address: ${address}, ports: { http: ${port} } }]
`
  const app = opened(
    await application({ 'mesh/r.yaml': entry, 'app.mjs': 'await (await fetch("http://reviews.example/x")).text()' }),
  )
  const { out } = await app.run(['--import', 'proxyless/register', 'app.mjs'], {
    PROXYLESS_CONFIG: './mesh',
    PROXYLESS_ACCESS_LOG: 'text',
  })
  expect(out).toMatch(
    /^\[\S+Z\] "GET \/x HTTP\/1\.1" 200 - 0 0 \d+ \d+ "-" "[^"]*" "[-\w]{36}" "reviews\.example" "127\.0\.0\.1:\d+"\n$/,
  )
})
