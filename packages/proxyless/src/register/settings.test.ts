import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DocumentFeed } from '@proxyless/feed'
import { VirtualClock } from '@proxyless/core/spi'
import { afterEach, describe, expect, test } from 'vitest'
import { processRandom } from '../host/process-random.ts'
import { createMesh } from '../create-mesh.ts'
import { readSettings, type Settings } from './settings.ts'
import { variables } from './variables.ts'

const made: string[] = []

afterEach(async () => {
  for (const directory of made.splice(0)) await rm(directory, { recursive: true })
})

type Env = Readonly<Record<string, string>>

async function read(file: string | undefined, env: Env = {}): Promise<Settings> {
  const directory = await mkdtemp(join(tmpdir(), 'proxyless-settings-'))
  made.push(directory)
  if (file !== undefined) await writeFile(join(directory, 'proxyless.yaml'), file)
  return readSettings({ env, directory })
}

test('a file says what createMesh takes; its paths start where it stands', async () => {
  const file = [
    'config: [./mesh, /etc/mesh, https://config.example/mesh, { kind: Sidecar, metadata: { name: s } }]',
    'mode: observe',
    'install: [http]',
    'workload: { namespace: shop, locality: eu/a }',
    'compat: { profile: istio-1.4, grpcTimeoutStatus: 14 }',
    'maxReplayBytes: 5',
    'faults: false',
  ].join('\n')
  const { mode, install, options, remarks } = await read(file)
  expect({ mode, install, remarks }).toEqual({
    mode: 'observe',
    install: { fetch: false, http: true, grpc: false },
    remarks: [],
  })
  expect(options).toMatchObject({
    config: [join(made[0] ?? '', 'mesh'), '/etc/mesh', 'https://config.example/mesh', { kind: 'Sidecar' }],
    workload: { namespace: 'shop', locality: 'eu/a' },
    compat: { profile: 'istio-1.4', grpcTimeoutStatus: 14 },
    maxReplayBytes: 5,
    faults: false,
  })
})

test('a file may name a feed or a control plane with all of their options', async () => {
  const ofFeed = await read('config: { feed: { url: http://config.example/mesh, pollMs: 1000 } }')
  expect(ofFeed.options.config).toHaveProperty('open')
  const ofXds = await read('config: { xds: { server: 127.0.0.1:1, dialect: api } }')
  expect(ofXds.options.config).toHaveProperty('start')
})

test('the cache of a feed in a file lies where the file does', async () => {
  const { options } = await read('config: { feed: { url: http://127.0.0.1:9/mesh, cache: proxyless.yaml } }')
  const node = { id: 'n', namespace: 'shop', labels: {} }
  const source = (options.config as DocumentFeed).open({ clock: new VirtualClock(), random: processRandom(), node })
  // no directory: what is told names it
  const told = await new Promise<string>((resolve) => {
    source.start({ texts: () => undefined, problem: ({ message }) => resolve(message), isEmpty: () => false })
  })
  await source.close()
  expect(told).toContain(`cannot be read from ${join(made[0] ?? '', 'proxyless.yaml', 'feed-')}`)
})

test('so do the certificates for a control plane', async () => {
  const file = 'config: { xds: { server: "127.0.0.1:9", credentials: { caFile: ca.pem }, startTimeoutMs: 200 } }'
  const { options } = await read(file)
  await expect(createMesh(options)).rejects.toThrow(join(made[0] ?? '', 'ca.pem'))
})

test('every variable is read, and wins over the file', async () => {
  const env = {
    PROXYLESS_CONFIG: 'a, b',
    PROXYLESS_MODE: 'off',
    PROXYLESS_INSTALL: 'fetch',
    PROXYLESS_COMPAT: '{ profile: latest }',
    PROXYLESS_LOCAL_REPLY: 'throw',
    PROXYLESS_MAX_REPLAY_BYTES: '10',
    PROXYLESS_ACCESS_LOG: 'json',
    PROXYLESS_METRICS_PORT: '9464',
    PROXYLESS_OTEL: '{ callSpans: false }',
    PROXYLESS_WORKLOAD: '{"namespace":"shop"}',
    PROXYLESS_MESH_CONFIG: 'outboundTrafficPolicy: { mode: REGISTRY_ONLY }',
    PROXYLESS_STRICT: 'true',
    PROXYLESS_TRUST_REQUEST_HEADERS: 'on',
    PROXYLESS_HTTPS_AS_L7: 'off',
    PROXYLESS_STRICT_SIDECAR_PORTS: '1',
    PROXYLESS_REQUEST_ID: '0',
    PROXYLESS_ATTEMPT_COUNT: 'FALSE',
    PROXYLESS_FAULTS: 'off',
    PROXYLESS_DOUBLE_RETRIES: 'true',
    PROXYLESS_INBOUND: 'off',
    PROXYLESS_INHERIT: 'end-user, x-tenant',
    PROXYLESS_OVERRIDES: 'timeout',
  }
  expect(Object.keys(env).toSorted()).toEqual(variables.map(({ name }) => name).toSorted())
  const { mode, install, options } = await read('config: ./c\nmode: enforce\n', env)
  expect({ mode, install, ...options }).toEqual({
    mode: 'off',
    install: { fetch: true, http: false, grpc: false },
    config: ['a', 'b'],
    compat: { profile: 'latest' },
    localReply: 'throw',
    maxReplayBytes: 10,
    accessLog: 'json',
    metricsPort: 9464,
    otel: { callSpans: false },
    workload: { namespace: 'shop' },
    meshConfig: { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } },
    strict: true,
    trustRequestHeaders: true,
    httpsAsL7: false,
    strictSidecarPorts: true,
    requestId: false,
    attemptCount: false,
    faults: false,
    doubleRetries: true,
    inbound: false,
    inherit: ['end-user', 'x-tenant'],
    overrides: ['timeout'],
  })
})

test('every variable has its row in OPTIONS.md', async () => {
  const page = await readFile(new URL('../../../../OPTIONS.md', import.meta.url), 'utf8')
  const missing = variables.filter(({ name }) => !new RegExp(`^\\|.*\`${name}\`.*\\|`, 'm').test(page))
  expect(missing.map(({ name }) => name)).toEqual([])
})

describe('what is wrong is named with its place', () => {
  test.each<[string | undefined, Env, string]>([
    [undefined, {}, 'nothing says where the documents of the mesh are: set PROXYLESS_CONFIG, or `config` in'],
    ['config: ./mesh\nstrikt: true\n', {}, 'proxyless.yaml:2:1: unknown option "strikt"; known are config, mode'],
    ['config: ./mesh\nstrict: 3\n', {}, 'proxyless.yaml:2:1: strict must be true or false, not 3'],
    ['config: ./mesh\nstrict: [\n', {}, 'proxyless.yaml:3:1: '],
    ['- config\n', {}, 'proxyless.yaml:1:1: must be a mapping'],
    ['config: ./mesh\nclock: {}\n', {}, 'proxyless.yaml:2:1: unknown option "clock"'],
    ['config: 7\n', {}, 'proxyless.yaml:1:1: config must be a path'],
    ['config: { feed: { url: nope } }\n', {}, 'proxyless.yaml:1:1: config: '],
    ['config: ./mesh\nmode: maybe\n', {}, 'proxyless.yaml:2:1: mode must be off, observe, enforce, not "maybe"'],
    [
      'config: ./mesh\ninstall: [ftp]\n',
      {},
      'proxyless.yaml:2:1: install must be a list of fetch, http, grpc, not "ftp"',
    ],
    ['config: ./mesh\nworkload: { ns: x }\n', {}, 'proxyless.yaml:2:1: workload has no field "ns"'],
    ['config: ./mesh\ncompat: { profil: x }\n', {}, 'proxyless.yaml:2:1: unknown option "compat.profil"'],
    ['config: ./mesh', { PROXYLESS_STRICT: 'x' }, 'PROXYLESS_STRICT: strict must be true or false, not "x"'],
    ['config: ./mesh', { PROXYLESS_WORKLOAD: '{' }, 'PROXYLESS_WORKLOAD: is not a YAML or JSON object: {'],
    ['config: ./mesh', { PROXYLESS_MAX_REPLAY_BYTES: '-1' }, 'PROXYLESS_MAX_REPLAY_BYTES: maxReplayBytes must be'],
    [undefined, { PROXYLESS_FILE: 'other.yaml' }, 'PROXYLESS_FILE: other.yaml does not exist'],
  ])('%j with %j', async (file, env, message) => {
    await expect(read(file, env)).rejects.toThrow(message)
  })
})

test('variables that mean nothing are remarked, those that Kubernetes makes for a service are not', async () => {
  const env = {
    PROXYLESS_STRIKT: '1',
    PROXYLESS_SERVICE_HOST: '10.0.0.1',
    PROXYLESS_PORT_80_TCP: 'x',
    PROXYLESS_LOCALITY: 'a',
  }
  const { remarks } = await read('config: ./mesh', env)
  expect(remarks).toEqual(['PROXYLESS_STRIKT is not a variable of proxyless and is ignored'])
})
