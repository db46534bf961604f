// The two verbs of the command: what they print, and what they exit with.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCheck } from './check.ts'
import { runCommand } from './command.ts'
import { runExplain } from './explain.ts'

let path = ''

beforeAll(async () => {
  path = await mkdtemp(join(tmpdir(), 'proxyless-cli-'))
  await writeFile(join(path, 'good.yaml'), good)
  await writeFile(join(path, 'bad.yaml'), bad)
  await writeFile(join(path, 'odd.yaml'), odd)
  await writeFile(join(path, 'wild.yaml'), wild)
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

const wild = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: wild}
spec:
  hosts: [wild.example]
  http:
  - match: [{uri: {prefix: /}}]
    route: [{destination: {host: nowhere}}]
    headers: {}
    nmae: x
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
    expect(text).toContain('1 file: 0 errors, 0 warnings, ')
  })

  test('prints an error with its place and exits 1', async () => {
    const { code, text } = await check('bad.yaml')
    expect(code).toBe(1)
    expect(text).toContain(`${join(path, 'bad.yaml')}:9:15: error: spec.http[0].route[0].weight: `)
    expect(text).toContain('[INVALID_VALUE]')
  })

  test('prints a warning and exits 0, but 1 when strict', async () => {
    const { code, text } = await check('odd.yaml')
    expect(code).toBe(0)
    expect(text).toMatch(/odd\.yaml:6:3: .*trafficPolice.*\[UNKNOWN_FIELD\]/)
    expect((await check('odd.yaml', { strict: true })).code).toBe(1)
  })

  test('sorts by file and line, and counts one as one', async () => {
    const both = await check('.')
    const places = both.text.matchAll(/^(\S+):(\d+):\d+: (?:error|warning|info): /gm)
    const files = [...places].map(([, file, line]) => `${file?.split('/').at(-1)}:${line}`)
    expect(files).toEqual(['bad.yaml:9', 'odd.yaml:6', 'wild.yaml:8', 'wild.yaml:10'])
    expect(both.text).toContain('4 files: 1 error, 3 warnings, 0 remarks')
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

  test('refuses what is no URL of http', async () => {
    const wrong = { ...options, config: join(path, 'good.yaml') }
    await expect(runExplain('reviews:9080', wrong, collected().out)).rejects.toThrow(
      '"reviews:9080" is not an http or https URL such as http://',
    )
  })

  test('takes the locality of the caller, and refuses what is none', async () => {
    const whole = { ...options, config: join(path, 'good.yaml') }
    expect(await runExplain('http://reviews:9080/', { ...whole, locality: 'eu/a' }, collected().out)).toBe(0)
    await expect(runExplain('http://reviews:9080/', { ...whole, locality: '/' }, collected().out)).rejects.toThrow(
      "--locality must be 'region/zone/subzone'",
    )
  })

  test('refuses a header that is not one', async () => {
    const wrong = { ...options, config: join(path, 'good.yaml'), header: ['nonsense'] }
    await expect(runExplain('http://a/', wrong, collected().out)).rejects.toThrow("-H wants 'name: value'")
  })
})

describe('the exit code', () => {
  const run = async (...words: string[]): Promise<{ code: number; err: string; text: string }> => {
    const [out, err] = [collected(), collected()]
    return {
      code: await runCommand(words, { out: out.out, err: err.out, ended: () => AbortSignal.abort() }),
      err: err.text(),
      text: out.text(),
    }
  }

  test.each([
    [['chekc']],
    [['check']],
    [['check', '--wrong', '.']],
    [['explain', 'http://a/']],
    [['check', '/nowhere']],
    [[]],
  ])('is 2 for what was asked wrongly: %j', async (words) => {
    const { code, err } = await run(...words)
    expect(err).not.toBe('')
    expect(code).toBe(2)
  })

  test('is 0 for help and for good documents, 1 for problems', async () => {
    const help = await run('explain', '--help')
    expect(help.code).toBe(0)
    expect(help.text).toContain('path or address of a feed (required)')
    expect(help.text).not.toContain('[]')
    expect((await run('check', join(path, 'good.yaml'))).code).toBe(0)
    expect((await run('check', join(path, 'bad.yaml'))).code).toBe(1)
  })
})
