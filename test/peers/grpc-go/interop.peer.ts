// The official interop cases against gRPC's own server in Go, through the mesh and without it.
import {
  compressionAlgorithms,
  credentials,
  status as codes,
  type ClientOptions,
  type ServiceError,
} from '@grpc/grpc-js'
import { meshChannel } from '@proxyless/grpc'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { interopCases, type TestClient } from '../../grpc/interop/cases.ts'
import { compressionCases } from '../../grpc/interop/compression-cases.ts'
import { TestService, UnimplementedService } from '../../grpc/interop/service.ts'
import { cluster, config, endpoint, forward, host, route } from '../../kit/config.ts'
import { startMesh, type TestMesh } from '../../kit/mesh.ts'
import { GoProgram, goProgram } from './programs.ts'

const binary = await goProgram('backend')

describe.skipIf(binary === undefined).each(['through the mesh', 'without it'])('grpc-go interop %s', (way) => {
  let server: GoProgram
  let mesh: TestMesh
  let authority: string

  beforeAll(async () => {
    server = await GoProgram.start(binary ?? '', [])
    authority = `127.0.0.1:${server.ports['port']}`
    mesh = await startMesh(config([host(['interop'], [route(forward('c'))])], [cluster('c', [endpoint(authority)])]))
  })

  afterAll(async () => {
    await mesh?.close()
    await server?.stop()
  })

  const clientOf = (Service: typeof TestService, options: ClientOptions = {}): TestClient =>
    (way === 'without it'
      ? new Service(authority, credentials.createInsecure(), options)
      : new Service('interop:80', credentials.createInsecure(), {
          ...options,
          ...meshChannel(mesh),
        })) as unknown as TestClient

  test.each(Object.entries(interopCases))('%s', async (_name, run) => {
    const client = clientOf(TestService)
    await run(client)
    client.close()
  })

  test('unimplemented_service', async () => {
    const client = clientOf(UnimplementedService)
    const error = await new Promise<ServiceError | null>((resolve) => client.UnimplementedCall({}, resolve))
    expect(error?.code).toBe(codes.UNIMPLEMENTED)
    client.close()
  })

  test.each(Object.entries(compressionCases))('%s', async (_name, run) => {
    const plain = clientOf(TestService)
    const compressing = clientOf(TestService, { 'grpc.default_compression_algorithm': compressionAlgorithms.gzip })
    await run({ plain, compressing })
    plain.close()
    compressing.close()
  })
})
