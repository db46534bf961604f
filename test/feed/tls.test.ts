// A feed by https: whom it believes, and who it says it is.
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createMesh, feed, type FeedTls } from 'proxyless'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Certificates, issueCertificates } from '../kit/certificates.ts'

const certificates: Certificates | undefined = await issueCertificates(['config.example'])
const yaml = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: a }
spec:
  hosts: [a.example]
  http: [{ directResponse: { status: 204 } }]
`

describe.skipIf(certificates === undefined)('a feed by https', () => {
  let server: Server
  let trusted: FeedTls
  let known: FeedTls

  beforeAll(async () => {
    const { caFile = '', clientCertFile = '', clientKeyFile = '' } = certificates ?? {}
    trusted = { ca: await readFile(caFile, 'utf8') }
    known = { ...trusted, cert: await readFile(clientCertFile), key: await readFile(clientKeyFile) }
    const answer = { 'content-type': 'application/yaml', etag: '"1"' }
    server = createServer({ ...(await certificates?.server({ mutual: true })) }, (_request, response) => {
      response.writeHead(200, answer).end(yaml)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })

  afterAll(async () => {
    server?.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await certificates?.remove()
  })

  const open = (tls: FeedTls = {}): ReturnType<typeof createMesh> => {
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/all.yaml`
    return createMesh({ config: feed({ url, tls }) })
  }
  const failure = (tls?: FeedTls): Promise<string> => open(tls).then(() => 'none', String)

  test('with the authority and a certificate of ours it serves', async () => {
    await using mesh = await open(known)
    expect((await mesh.fetch('http://a.example/')).status).toBe(204)
  })

  test('by another name it is believed when that is in its certificate', async () => {
    await using mesh = await open({ ...known, serverName: 'config.example' })
    expect(await mesh.ready()).toMatchObject({ state: 'live' })
    expect(await failure({ ...known, serverName: 'other.example' })).toMatch(/CONFIG_UNAVAILABLE/)
  })

  test('a server of an unknown authority is not believed, and one that wants a certificate gets none by itself', async () => {
    expect(await failure()).toMatch(/all\.yaml: .*certificate.*\[CONFIG_UNAVAILABLE\]/)
    expect(await failure(trusted)).toMatch(/CONFIG_UNAVAILABLE/)
  })
})
