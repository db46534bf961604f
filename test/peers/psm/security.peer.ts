// Scenarios of gRPC's psm-interop by their names, suite `security`: TLS as the control plane says, with files of the bootstrap.
import { afterAll, expect } from 'vitest'
import { until } from '../../kit/until.ts'
import { issueCertificates } from '../../kit/certificates.ts'
import { callsGoTo, patienceMs } from './harness/expect-calls.ts'
import { type Given, on, target } from './harness/given.ts'
import type { InteropClient } from './harness/interop-client.ts'
import { scenarios } from './harness/scenarios.ts'
import { fileWatcher, secureServer, type Security } from './harness/secure-server.ts'
import type { Stage } from './harness/stage.ts'
import type { TestServer } from './harness/test-server.ts'

const certificates = await issueCertificates()
afterAll(() => certificates?.remove())
const { caFile = '', clientCertFile = '', clientKeyFile = '' } = certificates ?? {}

const security = await scenarios('security', certificates === undefined ? 'openssl' : undefined)

security('test_mtls', async (stage) => {
  const { client, server } = await begin(stage, 'mtls', 'mtls')
  await callsGoTo(client, [server])
  expect(await securityOf(client)).toEqual({ own: true, peer: true })
})

security('test_tls', async (stage) => {
  const { client, server } = await begin(stage, 'tls', 'tls')
  await callsGoTo(client, [server])
  expect(await securityOf(client)).toEqual({ own: false, peer: true })
})

security('test_plaintext_fallback', async (stage) => {
  const { client, server } = await begin(stage, 'plaintext', 'plaintext')
  await callsGoTo(client, [server])
  expect(await securityOf(client)).toBeUndefined()
})

security('test_mtls_error', async (stage) => {
  const { client } = await begin(stage, 'mtls', 'tls')
  await cannotReach(client)
})

security('test_server_authz_error', async (stage) => {
  const { client } = await begin(stage, 'tls', 'tls', 'incorrect-namespace')
  await cannotReach(client)
})

/** @param san whom the client takes the server for */
async function begin(
  stage: Stage,
  ofServer: Security,
  ofClient: Security,
  san = 'localhost',
): Promise<{ readonly client: InteropClient; readonly server: TestServer }> {
  const server = await secureServer(stage, 'server', ofServer, certificates!)
  const plane = await stage.plane()
  await plane.apply(stage.node, givenTo(server, ofClient, san))
  const client = await stage.client(
    [`127.0.0.1:${plane.port}`],
    { qps: 25, secure_mode: 'true' },
    { certificate_providers: fileWatcher(caFile, clientCertFile, clientKeyFile) },
  )
  return { client, server }
}

function givenTo(server: TestServer, wanted: Security, san: string): Given {
  const services = { svc: on(server) }
  if (wanted === 'plaintext') return { services }
  const instance = { instance_name: 'default' }
  const context = {
    '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
    sni: 'localhost',
    common_tls_context: {
      validation_context: { ca_certificate_provider_instance: instance, match_subject_alt_names: [{ exact: san }] },
      ...(wanted === 'mtls' ? { tls_certificate_provider_instance: instance } : {}),
    },
  }
  const identity = { clientCertificate: clientCertFile, privateKey: clientKeyFile }
  const tls = {
    mode: wanted === 'mtls' ? 'MUTUAL' : 'SIMPLE',
    caCertificates: caFile,
    sni: 'localhost',
    subjectAltNames: [san],
    ...(wanted === 'mtls' ? identity : {}),
  }
  const transport_socket = { name: 'envoy.transport_sockets.tls', typed_config: context }
  return {
    services,
    istio: { rules: { svc: { trafficPolicy: { tls } } } },
    xds: { clusters: { svc: { transport_socket } } },
  }
}

/** Whose certificates a connection of the client has seen; undefined: it is plain text. */
async function securityOf(client: InteropClient): Promise<{ own: boolean; peer: boolean } | undefined> {
  const [tls, ...more] = await client.securities(target)
  expect(more).toEqual([])
  return tls && { own: tls.local_certificate.length > 0, peer: tls.remote_certificate.length > 0 }
}

/** Nor does it later. */
async function cannotReach(client: InteropClient): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await until(async () => expect(await client.next(25)).toMatchObject({ failures: 25, byPeer: {} }), patienceMs)
    expect((await client.subchannels(target)).filter((state) => state === 'READY')).toEqual([])
  }
}
