// FEED.md: a plain static file server that returns YAML with an ETag is a valid feed. Here the server is a real nginx.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMesh, feed, type Mesh } from 'proxyless'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { until } from '../../kit/until.ts'
import { debianOrSkip } from '../debian-package.ts'
import { Nginx } from './server.ts'

const binary = await debianOrSkip({ name: 'nginx', path: 'usr/sbin/nginx', proof: ['-v'] })
let nginx: Nginx
let cache: string

const yaml = (status: number): string => `# who answers what
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: a }
spec:
  hosts: [a.example]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints: [{ address: 127.0.0.1, ports: { http: 9 } }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: a }
spec:
  hosts: [a.example]
  http: [{ directResponse: { status: ${status} } }]
`
const statusOf = async (mesh: Mesh): Promise<number> => (await mesh.fetch('http://a.example/')).status
const asked = (line: string): number => nginx.log.filter((each) => each === line).length

describe.skipIf(binary === undefined)('nginx as a feed', () => {
  beforeAll(async () => {
    nginx = await Nginx.start(binary ?? '')
  })
  afterAll(() => nginx?.close())
  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), 'proxyless-cache-'))
  })
  afterEach(() => rmSync(cache, { recursive: true, force: true }))

  test('the address is enough: a file at v1/config below it, no stream, no reports, and not a complaint', async () => {
    nginx.put('mesh/v1/config', yaml(204))
    await using mesh = await createMesh({ config: `${nginx.url}/mesh` })
    expect(await statusOf(mesh)).toBe(204)
    expect(await mesh.ready()).toMatchObject({ state: 'live' })
    expect(String(mesh.explain({ url: 'http://a.example/' }))).toContain(`${nginx.url}/mesh/v1/config:16:10`)
    await until(() => asked('GET /mesh/v1/stream 404') === 1)
    await until(() => asked('POST /mesh/v1/status 404') + asked('POST /mesh/v1/status 405') === 1)
    expect(mesh.status().problems).toEqual([])
  })

  test.each(['plain', 'packed'])(
    'a document (%s) is asked for by its ETag, and a new one is in force soon',
    async (folder) => {
      nginx.put(`${folder}/all.yaml`, yaml(204))
      const config = feed({ url: `${nginx.url}/${folder}/all.yaml`, pollMs: 100 })
      await using mesh = await createMesh({ config })
      await until(() => asked(`GET /${folder}/all.yaml 304`) >= 2)
      expect(asked(`GET /${folder}/all.yaml 200`)).toBe(1)
      nginx.put(`${folder}/all.yaml`, `${yaml(206)}# longer\n`)
      await until(async () => (await statusOf(mesh)) === 206)
      expect(asked(`GET /${folder}/all.yaml 200`)).toBe(2)
    },
  )

  test('a file that is broken or emptied changes nothing', async () => {
    nginx.put('bad/all.yaml', yaml(204))
    const url = `${nginx.url}/bad/all.yaml`
    await using mesh = await createMesh({ config: feed({ url, pollMs: 100 }) })
    const problems = (): string[] => mesh.status().problems.map(({ code }) => code)
    nginx.put('bad/all.yaml', yaml(205).replace('hosts: [a.example]\n  http', 'hosts: 7\n  http'))
    await until(() => problems().includes('INVALID_VALUE'))
    expect(mesh.status().problems[0]).toMatchObject({ source: url, line: 15, outcome: 'kept' })
    nginx.put('bad/all.yaml', '')
    await until(() => problems().includes('FEED_EMPTY'))
    expect(await statusOf(mesh)).toBe(204)
  })

  test('what nginx guards is asked for with headers', async () => {
    nginx.put('private/v1/config', yaml(204))
    const url = `${nginx.url}/private`
    const failure: unknown = await createMesh({ config: url }).catch((error: unknown) => error)
    expect(String(failure)).toContain('the feed answers 401')
    await using mesh = await createMesh({ config: feed({ url, headers: { authorization: 'Bearer right' } }) })
    expect(await statusOf(mesh)).toBe(204)
  })

  test('while nginx is down the mesh keeps serving, starts from its cache, and follows again when it is back', async () => {
    nginx.put('mesh/v1/config', yaml(204))
    const config = feed({ url: `${nginx.url}/mesh`, pollMs: 100, cache })
    await using mesh = await createMesh({ config })
    await until(() => readdirSync(cache).some((name) => name.endsWith('.json')))
    await nginx.stop()
    await until(async () => (await mesh.ready()).state === 'stale')
    expect(await statusOf(mesh)).toBe(204)
    await using second = await createMesh({ config })
    expect(await second.ready()).toMatchObject({ state: 'cached' })
    expect(await statusOf(second)).toBe(204)
    nginx.put('mesh/v1/config', `${yaml(206)}# longer\n`)
    await nginx.start()
    await until(async () => (await statusOf(mesh)) === 206 && (await statusOf(second)) === 206, 20_000)
    expect(await second.ready()).toMatchObject({ state: 'live' })
  })
})
