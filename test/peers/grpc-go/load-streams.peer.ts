// ORCA out-of-band with grpc-go's own service: what it reports becomes the endpoint's weight.
import { credentials } from '@grpc/grpc-js'
import { house } from '@proxyless/core/spi'
import { meshChannel } from '@proxyless/grpc'
import { afterAll, beforeAll, describe, test } from 'vitest'
import type { TestClient } from '../../grpc/interop/cases.ts'
import { TestService } from '../../grpc/interop/service.ts'
import { cluster, config, endpoint, forward, host, route } from '../../kit/config.ts'
import { startMesh, type TestMesh } from '../../kit/mesh.ts'
import { until } from '../../kit/until.ts'
import { GoProgram, goProgram } from './programs.ts'

const binary = await goProgram('backend')

const loadBalancer = {
  kind: 'clientWeightedRoundRobin',
  blackoutMs: 0,
  expiryMs: 180_000,
  updateMs: 1_000,
  errorPenalty: 1,
  outOfBandMs: 10_000,
} as const

describe.skipIf(binary === undefined)('grpc-go reports out-of-band', () => {
  let server: GoProgram
  let mesh: TestMesh

  beforeAll(async () => {
    server = await GoProgram.start(binary ?? '', ['-qps', '100', '-application_utilization', '0.25'])
    const endpoints = [endpoint(`127.0.0.1:${server.ports['port']}`)]
    mesh = await startMesh(config([host(['svc'], [route(forward('c'))])], [cluster('c', endpoints, { loadBalancer })]))
  })

  afterAll(async () => {
    await mesh?.close()
    await server?.stop()
  })

  test('its requests by its utilisation', async () => {
    const client = new TestService('svc', credentials.createInsecure(), meshChannel(mesh)) as unknown as TestClient
    await new Promise((resolve) => client.EmptyCall({}, resolve))
    const weight = (): number | undefined => {
      const [first] = mesh[house].cluster('c')?.endpoints() ?? []
      return first?.load?.weightAt(performance.now(), loadBalancer)
    }
    await until(() => weight() === 400)
    client.close()
  })
})
