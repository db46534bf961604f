// The bootstrap file: those that Istio and Traffic Director write, and what a wrong one is told.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { channelCredentials } from '../stream/channel-credentials.ts'
import { canonicalName } from '../stream/resource-name.ts'
import { parseBootstrap } from './bootstrap.ts'
import { settingsOf } from '../options.ts'
import { bootstrapFromEnvironment } from './environment.ts'
import { listenerName } from './listener-name.ts'

const fixture = (name: string): string => readFileSync(new URL(`../../fixtures/${name}`, import.meta.url), 'utf8')
const istio = fixture('istio-grpc-bootstrap.json')
const director = fixture('traffic-director-bootstrap.json')

describe('files that others write are taken as they are', () => {
  test("Istio's agent", () => {
    const bootstrap = parseBootstrap(istio, 'test')
    expect(bootstrap.servers).toEqual([
      { uri: 'unix:///etc/istio/proxy/XDS', credentials: [{ type: 'insecure' }], features: new Set(['xds_v3']) },
    ])
    expect(bootstrap.node).toMatchObject({
      id: 'sidecar~10.244.0.12~productpage-v1-6b746f74dc-9rlmh.default~default.svc.cluster.local',
      locality: { region: '', zone: '', subZone: '' },
      metadata: { GENERATOR: 'grpc', LABELS: { app: 'productpage' } },
    })
    expect(bootstrap.certificates.get('default')).toEqual({
      caFile: '/var/lib/istio/data/root-cert.pem',
      certificateFile: '/var/lib/istio/data/cert-chain.pem',
      privateKeyFile: '/var/lib/istio/data/key.pem',
    })
    expect(bootstrap.serverListenerTemplate).toBe('xds.istio.io/grpc/lds/inbound/%s')
    expect(listenerName('reviews:9080', bootstrap)).toBe('reviews:9080')
  })

  test("Traffic Director's generator", () => {
    const bootstrap = parseBootstrap(director, 'test')
    expect(bootstrap.servers[0]?.features).toEqual(new Set(['xds_v3', 'ignore_resource_deletion']))
    expect([...bootstrap.authorities.keys()]).toHaveLength(2)
    expect(bootstrap.authorities.get('traffic-director-c2p.xds.googleapis.com')?.servers[0]?.uri).toBe(
      'dns:///directpath-pa.googleapis.com',
    )
    expect(bootstrap.node.locality?.zone).toBe('us-central1-a')
    expect(() => channelCredentials(bootstrap.servers[0]!.credentials)).toThrow('google_default')
    expect(() => settingsOf({ bootstrap: director }, {}, { id: 'n' })).toThrow(
      'none of the credentials for the xDS server is supported (google_default); insecure and tls are',
    )
  })

  test('of several credentials the first that is supported is used', () => {
    expect(channelCredentials([{ type: 'google_default' }, { type: 'insecure' }, { type: 'tls' }])._isSecure()).toBe(
      false,
    )
    expect(channelCredentials([{ type: 'google_default' }, { type: 'tls' }])._isSecure()).toBe(true)
  })
})

describe('a wrong file is told by field and origin', () => {
  const server = { server_uri: 'a:1', channel_creds: [{ type: 'insecure' }] }
  test.each<[unknown, string]>([
    [[], 'test: the document must be an object'],
    [{}, 'test: xds_servers needs at least one server'],
    [{ xds_servers: {} }, 'test: xds_servers must be a list'],
    [{ xds_servers: [{ ...server, server_uri: 7 }] }, 'test: xds_servers[0].server_uri must be a text'],
    [{ xds_servers: [{ channel_creds: server.channel_creds }] }, 'test: xds_servers[0].server_uri is missing'],
    [{ xds_servers: [{ server_uri: 'a:1' }] }, 'test: xds_servers[0].channel_creds needs at least one entry'],
    [{ xds_servers: [server], node: { locality: 'x' } }, 'test: node.locality must be an object'],
    [
      { xds_servers: [{ ...server, channel_creds: [{ type: 'tls', config: { certificate_file: 'x' } }] }] },
      'test: xds_servers[0].channel_creds[0].config certificate_file and private_key_file come together',
    ],
    [
      { xds_servers: [server], authorities: { a: { client_listener_resource_name_template: 'xdstp://b/%s' } } },
      'test: authorities.a.client_listener_resource_name_template must begin with xdstp://a/',
    ],
  ])('%j', (json, message) => expect(() => parseBootstrap(JSON.stringify(json), 'test')).toThrow(message))

  test('what is no JSON', () => expect(() => parseBootstrap('{', 'test')).toThrow('test: is no JSON'))
})

describe('the environment', () => {
  test('GRPC_XDS_BOOTSTRAP names a file and wins over GRPC_XDS_BOOTSTRAP_CONFIG', () => {
    const directory = mkdtempSync(join(tmpdir(), 'proxyless-xds-'))
    const file = join(directory, 'bootstrap.json')
    writeFileSync(file, istio)
    const env = { GRPC_XDS_BOOTSTRAP: file, GRPC_XDS_BOOTSTRAP_CONFIG: director }
    expect(bootstrapFromEnvironment(env)?.servers[0]?.uri).toBe('unix:///etc/istio/proxy/XDS')
    rmSync(directory, { recursive: true })
    expect(() => bootstrapFromEnvironment(env)).toThrow('GRPC_XDS_BOOTSTRAP: ENOENT')
  })

  test('GRPC_XDS_BOOTSTRAP_CONFIG is the text itself; neither is none', () => {
    expect(bootstrapFromEnvironment({ GRPC_XDS_BOOTSTRAP_CONFIG: director })?.node.cluster).toBe('cluster')
    expect(() => bootstrapFromEnvironment({ GRPC_XDS_BOOTSTRAP_CONFIG: '{}' })).toThrow(
      'GRPC_XDS_BOOTSTRAP_CONFIG: xds_',
    )
    expect(bootstrapFromEnvironment({})).toBeUndefined()
  })
})

describe('names (A47)', () => {
  const bootstrap = parseBootstrap(director, 'test')

  test('N2 a target takes the template of its authority, percent-encoded in an xdstp name', () => {
    const c2p = 'traffic-director-c2p.xds.googleapis.com'
    expect(listenerName(`xds://${c2p}/a b/c?d`, bootstrap)).toBe(
      `xdstp://${c2p}/envoy.config.listener.v3.Listener/a%20b/c%3Fd`,
    )
    expect(listenerName('xds:///svc:80', bootstrap)).toMatch(/\/123456789\/default\/svc:80$/)
    expect(listenerName('svc:80', { ...bootstrap, clientListenerTemplate: 'x/%s' })).toBe('x/svc:80')
  })

  test('N2 an authority that the bootstrap does not know is refused at once', () => {
    expect(() => listenerName('xds://nobody/svc', bootstrap)).toThrow('no authority "nobody"')
  })

  test('N1 parameters have no order, and escapes are one spelling', () => {
    const name = 'xdstp://a/envoy.config.listener.v3.Listener/x%3Fy'
    expect(canonicalName(`${name}?b=2&a=%31`)).toBe(`${name}?a=1&b=2`)
    expect(canonicalName('plain?b&a')).toBe('plain?b&a')
    expect(canonicalName('xdstp:broken')).toBe('xdstp:broken')
  })
})
