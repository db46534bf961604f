// Applications with a copy of grpc-js of their own, of each minor: its clients are led too, and their connections are its own.
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import * as Grpc from '@grpc/grpc-js'
import { grpcClients, meshChannel, registerMesh } from '@proxyless/grpc'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { issueCertificates } from '../kit/certificates.ts'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { startGrpc } from '../kit/grpc-backend.ts'
import { GrpcClient } from '../kit/grpc-calls.ts'
import { closeAfterEach, mesh, opened } from '../kit/opened.ts'

closeAfterEach()

const certificates = await issueCertificates(['ratings.test'])
afterAll(() => certificates?.remove())

const require = createRequire(import.meta.url)
const minors = ['@grpc/grpc-js', 'grpc-js-1.13', 'grpc-js-1.12']

describe.each(minors)('an application with a copy of grpc-js of its own, %s', (name) => {
  const copy = require(name) as typeof Grpc
  let folder = ''
  let from = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'proxyless-copy-'))
    from = join(folder, 'app.js')
    await mkdir(join(folder, 'node_modules', '@grpc'), { recursive: true })
    await symlink(
      join(dirname(require.resolve(name)), '..', '..'),
      join(folder, 'node_modules', '@grpc', 'grpc-js'),
      'dir',
    )
  })
  afterAll(() => rm(folder, { recursive: true }))

  const asIs = (bytes: Buffer): Buffer => bytes
  const ask = (target: string, credentials = copy.credentials.createInsecure()): Promise<string> =>
    new Promise((done) => {
      const client = new copy.Client(target, credentials)
      const metadata = new copy.Metadata()
      metadata.set('asked', 'yes')
      client.makeUnaryRequest('/t/Who', asIs, asIs, Buffer.from('x'), metadata, (error, value) => {
        client.close()
        done(error === null ? String(value) : error.details)
      })
    })

  test('mesh: and xds: targets go through the mesh, which secures their connections', async () => {
    const server = await startGrpc({
      unary: {
        '/t/Who': (call, answer) =>
          answer(null, Buffer.from(`${call.getHost()} ${String(call.metadata.get('asked'))}`)),
      },
    })
    opened(server)
    const clusters = [cluster('c', [endpoint(server.authority)])]
    const m = await mesh(config([host(['ratings'], [route(forward('c'))])], clusters))
    using _registered = registerMesh(m, from)
    expect(await ask('xds:///ratings:9080')).toBe('ratings:9080 yes')
    expect(await ask('mesh:///ratings')).toBe('ratings yes')
    expect(await ask('mesh:///ratings', copy.credentials.createSsl())).toMatch(/remote connection failure/)
    expect(m.status().clusters.find((each) => each.name === 'c')?.endpoints).toMatchObject([{ totalRequests: 3 }])
  })

  test('installed, the mesh leads them as well', async () => {
    const server = opened(await startGrpc({ unary: { '/t/Who': (_call, answer) => answer(null, Buffer.from('in')) } }))
    const clusters = [cluster('c', [endpoint(server.authority)], { protocol: 'http2' })]
    const m = await mesh(config([host(['ratings'], [route(forward('c'))])], clusters))
    using _installed = m.install({ grpc: grpcClients(from) })
    expect(await ask('ratings:9080')).toBe('in')
    expect(await ask('127.0.0.1:1')).toMatch(/ECONNREFUSED/)
  })

  test.skipIf(certificates === undefined)(
    "the cluster's TLS and the channel's call credentials hold for them",
    async () => {
      const { caFile, serverCertFile, serverKeyFile } = certificates!
      const pair = { cert_chain: await readFile(serverCertFile), private_key: await readFile(serverKeyFile) }
      const server = opened(
        await startGrpc(
          { unary: { '/t/Who': (call, answer) => answer(null, Buffer.from(String(call.metadata.get('token')))) } },
          {},
          Grpc.ServerCredentials.createSsl(null, [pair]),
        ),
      )
      const tls = { caFile, subjectAltNames: [], verify: true }
      const clusters = [cluster('c', [endpoint(server.authority)], { tls })]
      const m = await mesh(config([host(['ratings.test'], [route(forward('c'))])], clusters))
      using _registered = registerMesh(m, from)
      const token = copy.credentials.createFromMetadataGenerator((_params, done) => {
        const metadata = new copy.Metadata()
        metadata.set('token', 'mine')
        done(null, metadata)
      })
      const composed = copy.credentials.combineChannelCredentials(copy.credentials.createSsl(), token)
      expect(await ask('mesh:///ratings.test', composed)).toBe('mine')
      expect(await ask('mesh:///ratings.test')).toBe('')
    },
  )
})

test('a channel of the mesh says that it cannot take the credentials of another copy', async () => {
  const [other] = minors.map((name) => require(name) as typeof Grpc).filter(({ Client }) => Client !== Grpc.Client)
  const m = await mesh(config([], []))
  expect(() => new GrpcClient('ratings', meshChannel(m), other!.credentials.createInsecure())).toThrow(/another copy/)
})
