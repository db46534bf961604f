// What istiod sent once (`packages/xds/fixtures/istiod-documents.json`), sent again by gRPC to meshes as applications make them.
import { readFileSync } from 'node:fs'
import { BinaryWriter } from '@bufbuild/protobuf/wire'
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js'
import { clientStatus } from '@proxyless/xds'
import { DiscoveryRequest, DiscoveryResponse } from '@proxyless/xds/wire'
import { createMesh, type CreateMeshOptions, type Mesh, xds } from 'proxyless'
import { afterEach, expect, test } from 'vitest'

interface Recorded {
  readonly kind: string
  readonly bytes: string
}

const recorded = JSON.parse(
  readFileSync(new URL('../../packages/xds/fixtures/istiod-documents.json', import.meta.url), 'utf8'),
) as readonly Recorded[]

const closing: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

test('decides by them, with their places', async () => {
  const mesh = await meshOn({})
  const { steps, outcome } = mesh.explain('http://reviews:9080/teapot')
  expect(outcome.answer).toBe('418 directly, 6 bytes')
  expect(steps.find(({ what }) => what === 'host')?.text).toContain('reviews.bookinfo.svc.cluster.local')
  expect(JSON.stringify(steps)).toMatch(/xds:..127\.0\.0\.1:\d+\/VirtualService\/bookinfo\/reviews:\d+:\d+/)
  const { answer } = mesh.explain('http://elsewhere.test/').outcome
  expect(answer, 'the Sidecar blocks hosts that are not known').toContain('502')
})

test('the policy is that of the documents, and their annotations are read', async () => {
  const mesh = await meshOn({})
  const cluster = mesh.explain('http://reviews:9080/other').outcome.cluster
  expect(cluster).toBe('outbound|9080||reviews.bookinfo.svc.cluster.local')
  const { steps } = mesh.explain('http://reviews:9080/other')
  expect(JSON.stringify(steps)).toContain('DestinationRule bookinfo/reviews')
  expect(mesh.status().problems.filter(({ severity }) => severity === 'error')).toEqual([])
  // of Services without endpoints of their own nothing is told: the server has those
  const codes = mesh.status().problems.map(({ code }) => code)
  expect(codes).not.toContain('SUBSET_EMPTY')
  // nor of what concerns proxies in settings that nobody wrote
  expect(mesh.status().problems.filter(({ resource }) => resource === 'MeshConfig')).toEqual([])
})

test('options of createMesh say how they are read', async () => {
  const mesh = await meshOn({ meshConfig: { domain: 'other.local' } })
  expect(mesh.explain('http://reviews.bookinfo.svc.other.local:9080/teapot').outcome.answer).toBe(
    '418 directly, 6 bytes',
  )
})

test('C1 CSDS shows them, spelled out', async () => {
  await meshOn({})
  const said = JSON.stringify(await clientStatus())
  expect(said).toContain('"typeUrl":"networking.istio.io/v1/VirtualService","name":"bookinfo/reviews"')
  expect(said).toContain('"httpStatus":503')
})

async function meshOn(options: Omit<CreateMeshOptions, 'config'>): Promise<Mesh> {
  const server = await istiod()
  const metadata = { NAMESPACE: 'bookinfo', LABELS: { app: 'c' }, GENERATOR: 'api' }
  const config = xds({ server, dialect: 'documents', node: { id: 'sidecar~127.0.0.9~c.bookinfo~x', metadata } })
  const mesh = await createMesh({ ...options, config })
  closing.push(() => mesh.close())
  return mesh
}

/** Answers every kind once: with what was recorded, and for endpoints with none. */
async function istiod(): Promise<string> {
  const server = new Server()
  const answer = (stream: ServerDuplexStream<DiscoveryRequest, DiscoveryResponse>): void => {
    stream.on('data', ({ typeUrl, responseNonce, resourceNames }: DiscoveryRequest) => {
      if (responseNonce !== '') return
      const kind = typeUrl.replace(/^.*\//, '')
      const isEnvoys = typeUrl.startsWith('type.googleapis.com/')
      const resources = isEnvoys
        ? resourceNames.map((name) => ({ typeUrl, value: assignment(name) }))
        : recorded
            .filter((each) => each.kind === kind)
            .map(({ bytes }) => ({ typeUrl: messageOf(kind), value: Buffer.from(bytes, 'base64') }))
      stream.write(DiscoveryResponse.fromPartial({ typeUrl, versionInfo: '1', nonce: kind, resources }))
    })
    stream.on('end', () => stream.end())
    stream.on('error', () => undefined)
  }
  server.addService(
    {
      stream: {
        path: '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources',
        requestStream: true,
        responseStream: true,
        requestSerialize: (request: DiscoveryRequest) => Buffer.from(DiscoveryRequest.encode(request).finish()),
        requestDeserialize: (bytes: Buffer) => DiscoveryRequest.decode(bytes),
        responseSerialize: (response: DiscoveryResponse) => Buffer.from(DiscoveryResponse.encode(response).finish()),
        responseDeserialize: (bytes: Buffer) => DiscoveryResponse.decode(bytes),
      },
    },
    { stream: answer },
  )
  closing.push(() => server.forceShutdown())
  return new Promise((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(`127.0.0.1:${port}`) : reject(error),
    ),
  )
}

function messageOf(kind: string): string {
  return `type.googleapis.com/istio.${kind === 'MeshConfig' ? 'mesh.v1alpha1.MeshConfig' : 'mcp.v1alpha1.Resource'}`
}

/** A ClusterLoadAssignment with nothing but a name. */
function assignment(name: string): Uint8Array {
  return new BinaryWriter().uint32(10).string(name).finish()
}
