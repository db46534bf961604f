// What createMesh refuses, and what a mesh made from documents does.
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
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
  ])('refuses %j by name', async (options, message) => {
    const failure: unknown = await createMesh(options as unknown as CreateMeshOptions).catch((error: unknown) => error)
    expect(failure).toMatchObject({ name: 'MeshError', code: 'INVALID_OPTION' })
    expect(String(failure)).toContain(message)
  })

  test('refuses to start from a path that does not exist, naming it', async () => {
    const path = join(await directory(), 'nowhere')
    const failure: unknown = await createMesh({ config: path }).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'CONFIG_UNAVAILABLE' })
    expect(String(failure)).toContain(path)
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
  })

  test('throws MeshErrors instead of answering when told to', async () => {
    await using mesh = await createMesh({ config: [entry('a.example')], localReply: 'throw' })
    const failure: unknown = await mesh.fetch('http://a.example/').catch((error: unknown) => error)
    expect(failure).toMatchObject({ name: 'MeshError', code: 'CONNECT_FAILURE', flags: 'URX,UF', attempts: 3 })
    expect(String(failure)).toContain('a.example > default > outbound|80||a.example > 127.0.0.1:9 #3')
  })
})
