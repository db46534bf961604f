// grpc-go as a client of the control plane: `xds:///reviews:PORT` is called as the documents say, and follows them.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../../kit/until.ts'
import { nextCalls } from '../grpc-go/client-stats.ts'
import { GoProgram, goPrograms } from '../grpc-go/programs.ts'
import { serve, type Served, serviceEntry } from './served.ts'

const programs = await goPrograms()
const port = 9080

const route = (...shares: readonly (readonly [version: string, weight: number])[]): string =>
  JSON.stringify({
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'reviews', namespace: 'default' },
    spec: {
      hosts: ['reviews'],
      http: [{ route: shares.map(([subset, weight]) => ({ destination: { host: 'reviews', subset }, weight })) }],
    },
  })

const subsets = JSON.stringify({
  apiVersion: 'networking.istio.io/v1',
  kind: 'DestinationRule',
  metadata: { name: 'reviews', namespace: 'default' },
  spec: { host: 'reviews', subsets: ['v1', 'v2'].map((version) => ({ name: version, labels: { version } })) },
})

describe.skipIf(programs === undefined)('grpc-go', () => {
  let served: Served
  let client: GoProgram
  const servers: GoProgram[] = []

  beforeAll(async () => {
    const instance = async (version: string): Promise<{ version: string; port: number }> => {
      const server = await GoProgram.start(programs!.xserver, ['-hostname', version])
      servers.push(server)
      return { version, port: server.ports['port'] ?? 0 }
    }
    const instances = [await instance('v1'), await instance('v2')]
    served = await serve({
      'registry.json': serviceEntry('reviews', instances, { port, protocol: 'GRPC' }),
      'rules.json': subsets,
      'reviews.json': route(['v1', 100]),
    })
    // what gRPC needs and nothing of Istio's: the workload is one of the namespace `default`
    const bootstrap = {
      xds_servers: [{ server_uri: served.xds, channel_creds: [{ type: 'insecure' }], server_features: ['xds_v3'] }],
      node: { id: 'web-1' },
    }
    const args = ['-server', `xds:///reviews:${port}`, '-qps', '50']
    client = await GoProgram.start(programs!.xclient, args, { GRPC_XDS_BOOTSTRAP_CONFIG: JSON.stringify(bootstrap) })
  }, 600_000)

  afterAll(async () => {
    await client?.stop()
    await served?.close()
    for (const server of servers) await server.stop()
  })

  const seen = async (count: number): Promise<Readonly<Record<string, number>>> => {
    const { byPeer, failures } = await nextCalls(client.ports['stats_port'] ?? 0, count)
    return failures === 0 ? byPeer : { ...byPeer, failures }
  }

  async function becomes(text: string, version: string): Promise<number> {
    const start = performance.now()
    await served.write('reviews.json', text)
    await until(async () => Object.keys(await seen(1)).join() === version, 20_000)
    return performance.now() - start
  }

  test('xds:///reviews is answered by the version that the route names', async () => {
    expect(await seen(50)).toEqual({ v1: 50 })
  })

  test('a document that changes is in force within a second, and no call fails', async () => {
    const times: number[] = []
    for (const version of ['v2', 'v1', 'v2']) times.push(await becomes(route([version, 100]), version))
    expect(await seen(20)).toEqual({ v2: 20 })
    // the machine may be busy once, but not always
    expect(Math.min(...times)).toBeLessThan(1000)
  })

  test('weights are shares', async () => {
    await served.write('reviews.json', route(['v1', 50], ['v2', 50]))
    await until(async () => Object.keys(await seen(20)).length === 2, 20_000)
    const { v1 = 0, v2 = 0, ...more } = await seen(100)
    expect(more).toEqual({})
    expect(v1 + v2).toBe(100)
    // five standard deviations
    expect(Math.abs(v1 - 50)).toBeLessThanOrEqual(25)
  })

  test('it is served as gRPC asks, and refuses nothing', async () => {
    expect(await served.nacks()).toMatchObject({ total: 0, last: [] })
    const { xds } = (await (await fetch(`${served.http}/debug/clients`)).json()) as { xds: object[] }
    expect(xds).toMatchObject([
      { id: 'web-1', dialect: 'api', protocol: 'sotw', workload: { namespace: 'default' }, upToDate: true },
    ])
    expect((xds[0] as { agent: string }).agent).toMatch(/^gRPC Go/)
  })
})
