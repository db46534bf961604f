import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import { runCommand } from './command.ts'

const made: string[] = []

afterEach(async () => {
  for (const directory of made.splice(0)) await rm(directory, { recursive: true })
})

async function doctor(
  files: Readonly<Record<string, string>>,
  ...options: readonly string[]
): Promise<{ readonly code: number; readonly out: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'proxyless-doctor-'))
  made.push(directory)
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text)
  let out = ''
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      out += chunk.toString()
      done()
    },
  })
  const code = await runCommand(['doctor', directory, ...options], {
    out: stream,
    err: stream,
    ended: () => AbortSignal.abort(),
  })
  return { code, out: stripVTControlCharacters(out) }
}

const entry = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: a }
spec:
  hosts: [a.example]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints: [{ address: 127.0.0.1 }]
`
const application = JSON.stringify({ dependencies: { axios: '1', ws: '8', got: '14' } })

test('says which clients of an application would be meshed, and gives the process back', async () => {
  const before = globalThis.fetch
  const { code, out } = await doctor({
    'proxyless.yaml': 'config: ./a.yaml\n',
    'a.yaml': entry,
    'package.json': application,
  })
  expect(code).toBe(0)
  expect(out).toContain('fetch, undici  meshed; 0 calls')
  expect(out).toMatch(/slot +undici\.globalDispatcher\.1 is held by mesh/)
  expect(out).toMatch(/library +axios is meshed/)
  expect(out).toMatch(/library +ws is not meshed; makes its own connections/)
  expect(out).toMatch(/retries +got retries GET and the like twice, by `retry`, and so does the mesh/)
  expect(globalThis.fetch).toBe(before)
  const slot: unknown = Reflect.get(globalThis, Symbol.for('undici.globalDispatcher.1'))
  expect((slot as object).constructor.name).not.toBe('SlotDispatcher')
})

test('names what keeps the application from starting', async () => {
  const wrong = await doctor({ 'proxyless.yaml': 'config: ./a.yaml\nstrikt: true\n', 'package.json': application })
  expect([wrong.code, wrong.out]).toEqual([1, expect.stringContaining('proxyless.yaml:2:1: unknown option "strikt"')])
  const none = await doctor({ 'package.json': application }, '--json')
  expect(none.code).toBe(1)
  expect(JSON.parse(none.out)).toMatchObject({
    findings: [expect.stringContaining('nothing says where the documents of the mesh are')],
    libraries: [{ name: 'axios', meshed: false }, { name: 'got' }, { name: 'ws' }],
  })
})

test('names documents that are refused', async () => {
  const { code, out } = await doctor({
    'proxyless.yaml': 'config: ./a.yaml\n',
    'a.yaml': entry.replace('hosts', 'hoste'),
  })
  expect(code).toBe(1)
  expect(out).toContain('ServiceEntry default/a')
})
