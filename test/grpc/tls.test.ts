// Whom gRPC calls believe and who they say they are: by the cluster's TLS where it has one, else by the application's credentials.
import { readFile } from 'node:fs/promises'
import { type CallCredentials, type CallOptions, credentials, Metadata, ServerCredentials } from '@grpc/grpc-js'
import type { Cluster, UpstreamTls } from '@proxyless/core/spi'
import { meshChannel } from '@proxyless/grpc'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Certificates, issueCertificates } from '../kit/certificates.ts'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { type GrpcBackend, startGrpc } from '../kit/grpc-backend.ts'
import { GrpcClient } from '../kit/grpc-calls.ts'
import { startMesh, type TestMesh } from '../kit/mesh.ts'
import { closeAfterEach, opened } from '../kit/opened.ts'
import { until } from '../kit/until.ts'

const certificates: Certificates | undefined = await issueCertificates(['ratings.test'])

describe.skipIf(certificates === undefined)('gRPC over TLS', () => {
  closeAfterEach()
  let server: GrpcBackend
  /** Takes only clients that show a certificate. */
  let strict: GrpcBackend
  const {
    caFile = '',
    serverCertFile = '',
    serverKeyFile = '',
    clientCertFile = '',
    clientKeyFile = '',
  } = certificates ?? {}

  beforeAll(async () => {
    const pair = { cert_chain: await readFile(serverCertFile), private_key: await readFile(serverKeyFile) }
    const start = async (mutual: boolean): Promise<GrpcBackend> =>
      startGrpc(
        {
          unary: {
            '/t/Who': (call, answer) => {
              // servers of grpc-js see who calls since its 1.14
              const context = 'getAuthContext' in call ? call.getAuthContext() : undefined
              const { subject, subjectaltname = '' } = context?.sslPeerCertificate ?? {}
              const token = [...call.metadata.get('authorization'), ...call.metadata.get('x-call')].join(';')
              answer(null, Buffer.from([subject?.CN ?? '', subjectaltname, token].join('|')))
            },
          },
        },
        {},
        ServerCredentials.createSsl(await readFile(caFile), [pair], mutual),
      )
    server = await start(false)
    strict = await start(true)
  })

  afterAll(async () => {
    await server?.close()
    await strict?.close()
    await certificates?.remove()
  })

  const meshWith = async (tls: Partial<UpstreamTls> | undefined, { authority } = server): Promise<TestMesh> => {
    const more: Partial<Cluster> =
      tls === undefined ? {} : { tls: { caFile, subjectAltNames: [], verify: true, ...tls } }
    const routes = [route(forward('c'))]
    return opened(
      await startMesh(config([host(['ratings.test'], routes)], [cluster('c', [endpoint(authority)], more)])),
    )
  }

  const ask = async (mesh: TestMesh): Promise<[number, string]> => {
    using client = new GrpcClient('ratings.test:9080', meshChannel(mesh))
    const { code, message, details, trailers } = await client.unary('/t/Who')
    return [code, message?.toString() ?? `${details} ${String(trailers.get('x-mesh-response-details'))}`]
  }

  test("the cluster's TLS secures the calls of insecure clients: the called host is the name that is checked", async () => {
    expect(await ask(await meshWith({}))).toEqual([0, '||'])
  })

  test('the workload shows its certificate', async () => {
    const mesh = await meshWith({ certificateFile: clientCertFile, privateKeyFile: clientKeyFile }, strict)
    const [code, who] = await ask(mesh)
    expect(code).toBe(0)
    expect(['||', 'client|URI:spiffe://cluster.local/ns/default/sa/test|']).toContain(who)
    expect((await ask(await meshWith({}, strict)))[0]).toBe(14)
  })

  test('one of the given names must be carried', async () => {
    expect(await ask(await meshWith({ subjectAltNames: ['other.test', 'localhost'] }))).toEqual([0, '||'])
    const [code, text] = await ask(await meshWith({ subjectAltNames: ['other.test'] }))
    expect(code).toBe(14)
    expect(text).toContain('remote_connection_failure')
    expect(text).toContain('none_of_other.test')
  })

  test('a given server name without names means that only the chain is checked', async () => {
    expect(await ask(await meshWith({ serverName: 'whatever.test' }))).toEqual([0, '||'])
  })

  test('a file that cannot be read fails the call and names it', async () => {
    const [code, text] = await ask(await meshWith({ caFile: '/nowhere/ca.pem' }))
    expect(code).toBe(14)
    expect(text).toContain('cannot_read_/nowhere/ca.pem')
  })

  const token = (text: string, name = 'authorization'): CallCredentials =>
    credentials.createFromMetadataGenerator((_params, done) => {
      const metadata = new Metadata()
      metadata.set(name, text)
      done(null, metadata)
    })

  test("the cluster's TLS comes before the application's, whose call credentials go along: of channel and call", async () => {
    const mesh = await meshWith({ certificateFile: clientCertFile, privateKeyFile: clientKeyFile }, strict)
    const ask = async (ofChannel: string, options: CallOptions = {}): Promise<string | undefined> => {
      const composed = credentials.combineChannelCredentials(credentials.createSsl(), token(ofChannel))
      using client = new GrpcClient('ratings.test:9080', meshChannel(mesh), composed)
      return (await client.unary('/t/Who', '', new Metadata(), options)).message?.toString().replace(/^.*\|/, '')
    }
    expect(await ask('one')).toBe('one')
    // another token is another connection
    expect(await ask('two')).toBe('two')
    expect(await ask('one', { credentials: token('call', 'x-call') })).toBe('one;call')
  })

  test("without TLS of the cluster's the application's own credentials hold, those of channel and call", async () => {
    const mesh = await meshWith(undefined)
    const secure = credentials.createSsl(await readFile(caFile))
    using one = new GrpcClient('ratings.test:9080', meshChannel(mesh), secure)
    const ofCall = await one.unary('/t/Who', '', new Metadata(), { credentials: token('of the call') })
    expect(ofCall.message?.toString()).toBe('||of the call')
    const composed = credentials.combineChannelCredentials(secure, token('of the channel'))
    using other = new GrpcClient('ratings.test:9080', meshChannel(mesh), composed)
    expect((await other.unary('/t/Who')).message?.toString()).toBe('||of the channel')
  })

  test('call credentials that fail are told as they are, and no endpoint is blamed', async () => {
    const mesh = await meshWith({})
    using client = new GrpcClient('ratings.test:9080', meshChannel(mesh), credentials.createSsl(await readFile(caFile)))
    const failing = credentials.createFromMetadataGenerator((_params, done) => done(new Error('no token')))
    const { code, details } = await client.unary('/t/Who', '', new Metadata(), { credentials: failing })
    expect({ code, details }).toEqual({ code: 2, details: 'Getting metadata from plugin failed with error: no token' })
    const status = mesh.status().clusters.find(({ name }) => name === 'c')
    expect(status?.endpoints.map(({ failedRequests }) => failedRequests)).toEqual([0])
  })

  test('connections of a client go with it: idle ones at once, busy ones when their calls have ended', async () => {
    const pair = { cert_chain: await readFile(serverCertFile), private_key: await readFile(serverKeyFile) }
    let release: (() => void) | undefined
    const slow = opened(
      await startGrpc(
        { unary: { '/t/Slow': (_call, answer) => void (release = () => answer(null, Buffer.alloc(0))) } },
        {},
        ServerCredentials.createSsl(null, [pair]),
      ),
    )
    const routes = [route(forward('c'))]
    const m = opened(
      await startMesh(config([host(['ratings.test'], routes)], [cluster('c', [endpoint(slow.authority)])])),
    )
    const connections = (): number | undefined =>
      m.status().clusters.find(({ name }) => name === 'c')?.limits.connections.now
    const client = new GrpcClient('ratings.test', meshChannel(m), credentials.createSsl(await readFile(caFile)))
    const underWay = client.unary('/t/Slow')
    await until(() => connections() === 1)
    client.close()
    await until(() => release !== undefined)
    release?.()
    expect((await underWay).code).toBe(0)
    await until(() => connections() === 0)
    const idle = new GrpcClient('ratings.test', meshChannel(m), credentials.createSsl(await readFile(caFile)))
    await new Promise((resolve) => idle.waitForReady(Date.now() + 60_000, resolve))
    expect(connections()).toBe(1)
    idle.close()
    expect(connections()).toBe(0)
  })
})
