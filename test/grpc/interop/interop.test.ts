// The official interop test cases through the mesh, and without it: so the server is known to be one.
import { credentials, status as codes, type ServiceError } from '@grpc/grpc-js'
import { meshChannel } from '@proxyless/grpc'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../../kit/config.ts'
import { startMesh, type TestMesh } from '../../kit/mesh.ts'
import { interopCases, type TestClient } from './cases.ts'
import { type InteropServer, startInteropServer, TestService, UnimplementedService } from './service.ts'

let server: InteropServer
let mesh: TestMesh

beforeAll(async () => {
  server = await startInteropServer()
  mesh = await startMesh(
    config([host(['interop'], [route(forward('c'))])], [cluster('c', [endpoint(server.authority)])]),
  )
})

afterAll(async () => {
  await mesh.close()
  await server.close()
})

describe.each(['through the mesh', 'without it'])('interop %s', (way) => {
  const clientOf = (Service: typeof TestService): TestClient =>
    (way === 'without it'
      ? new Service(server.authority, credentials.createInsecure())
      : new Service('interop:80', credentials.createInsecure(), meshChannel(mesh))) as unknown as TestClient

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
})
