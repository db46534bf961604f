// What createMesh refuses, and what a mesh made from documents does.
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createMesh, type CreateMeshOptions, type Mesh } from './index.ts'

const directories: string[] = []

async function directory(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'proxyless-test-'))
  directories.push(made)
  return made
}

afterEach(async () => {
  for (const each of directories.splice(0)) await rm(each, { recursive: true })
})

const entry = (host: string): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${host.replaceAll('.', '-')}}
spec:
  hosts: [${host}]
  resolution: STATIC
  ports: [{number: 80, name: http, protocol: HTTP}]
  endpoints: [{address: 127.0.0.1, ports: {http: 9}}]
`

const clusterOf = (mesh: Mesh, host: string): string | undefined =>
  mesh.explain({ url: `http://${host}/` }).outcome.cluster

describe('createMesh', () => {
  test.each([
    [{ config: './mesh', retrys: 3 }, 'unknown option "retrys"'],
    [{ config: 7 }, 'config must be a path'],
    [{ config: './mesh', compat: 'istio-0.1' }, 'compat must be latest or istio-1.4'],
    [{ config: './mesh', localReply: 'maybe' }, 'localReply must be response or throw'],
    [{ config: './mesh', maxReplayBytes: -1 }, 'maxReplayBytes must be a whole number'],
    [{ config: './mesh', strict: 'yes' }, 'strict must be true or false, not "yes"'],
    [{ config: './mesh', inherit: 'end-user' }, 'inherit must be a list of header names, not "end-user"'],
    [{ config: './mesh', inherit: ['x-envoy-retry-on'] }, 'inherit: x-envoy-retry-on belongs to one request'],
    [{ config: './mesh', overrides: ['retries'] }, 'overrides must be a list of timeout, subset, not ["retries"]'],
    [{ config: './mesh', observer: 7 }, 'observer must be an object, not 7'],
    [{ config: './mesh', workload: 'shop' }, "workload must be an object such as { namespace: 'shop' }"],
    [{ config: './mesh', workload: { namspace: 'shop' } }, 'workload has no field "namspace"; known are namespace'],
    [{ config: './mesh', workload: { namespace: 7 } }, 'workload.namespace must be text that is not empty, not 7'],
    [{ config: './mesh', workload: { labels: { app: 1 } } }, 'such as { app: \'reviews\' }, not {"app":1}'],
    [{ config: './mesh', workload: { locality: '/a' } }, "workload.locality must be 'region/zone/subzone'"],
    [{ config: './mesh', workload: { locality: { region: 'a', zne: 'b' } } }, 'workload.locality must be'],
    [{ config: './mesh', meshConfig: 'ALLOW_ANY' }, 'meshConfig must be an object, not "ALLOW_ANY"'],
    [
      { config: './mesh', meshConfig: { conectTimeout: '1s' } },
      'meshConfig is not valid: conectTimeout: unknown field',
    ],
    [{ config: './mesh', meshConfig: { connectTimeout: 1 } }, 'meshConfig is not valid: connectTimeout: '],
  ])('refuses %j by name', async (options, message) => {
    const failure: unknown = await createMesh(options as unknown as CreateMeshOptions).catch((error: unknown) => error)
    expect(failure).toMatchObject({ name: 'MeshError', code: 'INVALID_OPTION' })
    expect(String(failure)).toContain(message)
  })

  test('has a row in OPTIONS.md for every option', async () => {
    const page = await readFile(new URL('../../../OPTIONS.md', import.meta.url), 'utf8')
    const failure: unknown = await createMesh({ none: 1 } as unknown as CreateMeshOptions).catch(
      (error: unknown) => error,
    )
    const names = /known are ([\w, ]+)/.exec(String(failure))?.[1]?.trim().split(', ') ?? []
    expect(names.length).toBeGreaterThan(10)
    expect(names.filter((name) => !new RegExp(`^\\|.*\`${name}\`.*\\|`, 'm').test(page))).toEqual([])
  })

  test('refuses to start from a path that does not exist, naming it', async () => {
    const path = join(await directory(), 'nowhere')
    const failure: unknown = await createMesh({ config: path }).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'CONFIG_UNAVAILABLE' })
    expect(String(failure)).toContain(path)
  })

  test('takes a locality as Istio writes it', async () => {
    const near = entry('a.example').replace('address: 127.0.0.1', 'address: 127.0.0.1, locality: eu/a/1')
    const settings = { localityLbSetting: { enabled: true } }
    await using mesh = await createMesh({ config: [near], workload: { locality: 'eu/a/1' }, meshConfig: settings })
    expect(mesh.explain('http://a.example/').outcome.endpoint).toBe('127.0.0.1:9')
  })

  test('explains a URL, alone or with headers of any shape, and refuses what is none', async () => {
    await using mesh = await createMesh({ config: [entry('a.example')] })
    const whole = { url: new URL('http://a.example/'), headers: new Headers({ 'X-A': 'b' }) }
    for (const input of ['http://a.example/', new URL('http://a.example/'), whole]) {
      expect(mesh.explain(input).outcome.cluster).toContain('a.example')
    }
    expect(() => mesh.explain('ftp://a.example/')).toThrow('"ftp://a.example/" is not an http or https URL')
    expect(() => mesh.explain('a.example')).toThrow('is not an http or https URL such as')
  })

  test('takes documents as texts and as objects', async () => {
    const object = {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'v' },
      spec: { hosts: ['a.example'], http: [{ directResponse: { status: 204 } }] },
    }
    await using mesh = await createMesh({ config: [entry('a.example'), object] })
    expect((await mesh.fetch('http://a.example/')).status).toBe(204)
  })

  test('follows a directory, refuses a bad document by its place and keeps what it was', async () => {
    const emit = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const path = await directory()
    const file = join(path, 'a.yaml')
    await writeFile(file, entry('a.example'))
    await using mesh = await createMesh({ config: path })
    expect(clusterOf(mesh, 'a.example')).toContain('a.example')

    const replace = async (text: string): Promise<void> => {
      await writeFile(join(path, '.a.swp'), text)
      await rename(join(path, '.a.swp'), file)
    }
    await replace(`${entry('a.example')}---\n${entry('b.example')}`)
    await vi.waitFor(() => expect(clusterOf(mesh, 'b.example')).toContain('b.example'), { timeout: 5000 })

    await replace(entry('a.example').replace('resolution: STATIC', 'resolution: [STATIC]'))
    await vi.waitFor(() => expect(mesh.status().problems).toHaveLength(1), { timeout: 5000 })
    expect(mesh.status().problems[0]).toMatchObject({ severity: 'error', outcome: 'kept', line: 6 })
    expect(clusterOf(mesh, 'a.example')).toContain('a.example')
    expect(String(mesh.explain({ url: 'http://a.example/' }))).toContain('its earlier version is kept in force')
    expect(emit).toHaveBeenCalledOnce()
    emit.mockRestore()
  })

  describe('of a refused document', () => {
    const wrong = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a}
spec:
  hosts: [a.example]
  http: [{timeout: soon, route: [{destination: {host: a.example}}]}]
`

    async function warningsOf(options: CreateMeshOptions): Promise<readonly string[]> {
      const emit = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
      try {
        await using mesh = await createMesh(options)
        await mesh.ready()
        expect(emit.mock.calls.every(([, more]) => (more as { code: string }).code === 'PROXYLESS_CONFIG')).toBe(true)
        return emit.mock.calls.map(([message]) => String(message))
      } finally {
        emit.mockRestore()
      }
    }

    test('the start warns once, naming document and place', async () => {
      const warnings = await warningsOf({
        config: [entry('a.example'), wrong],
        observer: { configApplied: () => undefined },
      })
      expect(warnings).toHaveLength(1)
      expect(warnings[0]).toContain('1 document is refused')
      expect(warnings[0]).toContain('documents[1]:6:20: VirtualService default/a spec.http[0].timeout: ')
    })

    test('a start without any is silent', async () => {
      expect(await warningsOf({ config: [entry('a.example')] })).toEqual([])
    })

    test('explain tells of it where it concerns the host, and only there', async () => {
      vi.spyOn(process, 'emitWarning').mockImplementationOnce(() => undefined)
      await using mesh = await createMesh({ config: [entry('a.example'), entry('b.example'), wrong] })
      const account = String(mesh.explain({ url: 'http://a.example/' }))
      expect(account).toMatch(/refused +VirtualService default\/a: spec\.http\[0\]\.timeout: /)
      expect(account).toContain('it is not in force  (documents[2]:6:20)')
      expect(String(mesh.explain({ url: 'http://b.example/' }))).not.toContain('VirtualService default/a')
    })
  })

  test('throws MeshErrors instead of answering when told to', async () => {
    await using mesh = await createMesh({ config: [entry('a.example')], localReply: 'throw' })
    const failure: unknown = await mesh.fetch('http://a.example/').catch((error: unknown) => error)
    expect(failure).toMatchObject({ name: 'MeshError', code: 'CONNECT_FAILURE', flags: 'URX,UF', attempts: 3 })
    expect(String(failure)).toContain('a.example > default > outbound|80||a.example > 127.0.0.1:9 #3')
  })
})
