// The two verbs of the command: what they print, and what they exit with.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCheck } from './check.ts'
import { runExplain } from './explain.ts'

let path = ''

beforeAll(async () => {
  path = await mkdtemp(join(tmpdir(), 'proxyless-cli-'))
  await writeFile(join(path, 'good.yaml'), good)
  await writeFile(join(path, 'bad.yaml'), bad)
  await writeFile(join(path, 'odd.yaml'), odd)
})

afterAll(() => rm(path, { recursive: true }))

const good = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: reviews}
spec:
  hosts: [reviews.default.svc.cluster.local]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 9080, name: http, protocol: HTTP}]
  endpoints: [{address: 127.0.0.1, ports: {http: 4001}, labels: {version: v1}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - match: [{headers: {end-user: {exact: jason}}}]
    directResponse: {status: 204}
  - route: [{destination: {host: reviews}}]
    timeout: 3s
`

const bad = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: bad}
spec:
  hosts: [bad.example]
  http:
  - route:
    - destination: {host: reviews}
      weight: lots
`

const odd = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: odd}
spec:
  host: reviews
  trafficPolice: {}
`

function collected(): { out: Writable; text: () => string } {
  const chunks: string[] = []
  const out = new Writable({
    write(chunk: Buffer, _encoding, done): void {
      chunks.push(chunk.toString())
      done()
    },
  })
  return { out, text: () => chunks.join('') }
}

async function check(file: string, more: object = {}): Promise<{ code: number; text: string }> {
  const { out, text } = collected()
  const code = await runCheck([join(path, file)], { namespace: 'default', ...more }, out)
  return { code, text: text() }
}

describe('proxyless check', () => {
  test('passes good documents', async () => {
    const { code, text } = await check('good.yaml')
    expect(code).toBe(0)
    expect(text).toContain('1 file: 0 errors')
  })

  test('prints an error with its place and exits 1', async () => {
    const { code, text } = await check('bad.yaml')
    expect(code).toBe(1)
    expect(text).toContain(`${join(path, 'bad.yaml')}:9:15: spec.http[0].route[0].weight: `)
    expect(text).toContain('[INVALID_VALUE]')
  })

  test('prints a warning and exits 0, but 1 when strict', async () => {
    const { code, text } = await check('odd.yaml')
    expect(code).toBe(0)
    expect(text).toMatch(/odd\.yaml:6:3: .*trafficPolice.*\[UNKNOWN_FIELD\]/)
    expect((await check('odd.yaml', { strict: true })).code).toBe(1)
  })

  test('prints JSON with all problems', async () => {
    const { text } = await check('bad.yaml', { json: true })
    expect(JSON.parse(text)).toMatchObject({ ok: false, problems: [{ code: 'INVALID_VALUE', line: 9, column: 15 }] })
  })

  test('names a path that cannot be read', async () => {
    await expect(check('missing.yaml')).rejects.toThrow('missing.yaml')
  })
})

describe('proxyless explain', () => {
  const options = { method: 'GET', namespace: 'default' }

  test('tells each rule that was tried, with its place, and where the call would go', async () => {
    const { out, text } = collected()
    await runExplain('http://reviews:9080/x', { ...options, config: join(path, 'good.yaml'), header: [] }, out)
    expect(text()).toContain(
      'spec.http[0].match[0] does not match: header end-user exact "jason" (the request has none)',
    )
    expect(text()).toMatch(/spec\.http\[1\] matches .*good\.yaml:19:5/)
    expect(text()).toContain('127.0.0.1:4001')
    expect(text()).toMatch(/timeout +3000 ms for all attempts .*spec\.http\[1\]\.timeout.*good\.yaml:20:/)
  })

  test('follows headers, and prints JSON', async () => {
    const { out, text } = collected()
    const header = ['End-User: jason']
    await runExplain('http://reviews:9080/x', { ...options, config: join(path, 'good.yaml'), header, json: true }, out)
    expect(JSON.parse(text())).toMatchObject({ outcome: { answer: '204 directly, 0 bytes' } })
  })

  test('refuses a header that is not one', async () => {
    const wrong = { ...options, config: join(path, 'good.yaml'), header: ['nonsense'] }
    await expect(runExplain('http://a/', wrong, collected().out)).rejects.toThrow("-H wants 'name: value'")
  })
})
