// Scenarios of gRPC's psm-interop by their names, suite `lb`: our client on grpc-go servers, led by each control plane.
import { status } from '@grpc/grpc-js'
import { expect } from 'vitest'
import { until } from '../../kit/until.ts'
import { endpointsOf, resourcesOf } from './harness/csds.ts'
import { callsGoTo, patienceMs } from './harness/expect-calls.ts'
import { byHeader, type Given, type Group, on, target } from './harness/given.ts'
import type { InteropClient, Method } from './harness/interop-client.ts'
import { scenarios } from './harness/scenarios.ts'
import type { TestServer } from './harness/test-server.ts'

const lb = await scenarios('lb')

const qps = 25
const toAlternate = {
  istio: { http: [{ route: [{ destination: { host: 'alternate' } }] }] },
  xds: { routes: [{ match: { prefix: '' }, route: { cluster: 'alternate' } }] },
}

lb('baseline', async (stage) => {
  const [server] = await stage.servers('server')
  const { client } = await stage.begin({ services: { svc: on(server!) } }, { qps })
  await callsGoTo(client, [server!])
  const { node, generic_xds_configs = [] } = await client.config()
  expect(node.id).toBe(stage.node)
  expect(generic_xds_configs.map(({ client_status }) => client_status)).toEqual(['ACKED', 'ACKED', 'ACKED', 'ACKED'])
  expect(await client.channels(target)).toMatchObject([{ state: 'READY' }])
})

// the first of two url maps for one host goes
lb('api_listener', async (stage) => {
  const [server] = await stage.servers('server')
  const services = { svc: on(server!) }
  const { client, apply } = await stage.begin(
    { services, istio: { virtualServices: ['a', 'b'] }, xds: { routeConfig: 'a' } },
    { qps },
  )
  await callsGoTo(client, [server!])
  await apply({ services, istio: { virtualServices: ['b'] }, xds: { routeConfig: 'b' } })
  if (stage.planeName === 'go-control-plane') {
    await until(async () => {
      expect([...resourcesOf(await client.config(), 'RouteConfiguration').keys()]).toEqual(['b'])
    }, patienceMs)
  }
  expect(await client.next(100)).toMatchObject({ failures: 0, byPeer: { server: 100 } })
  expect((await client.accumulated('UnaryCall')).results).toEqual({ [status.OK]: expect.any(Number) })
})

lb('round_robin', async (stage) => {
  const servers = await stage.servers('one', 'two')
  const { client } = await stage.begin(
    {
      services: { svc: on(...servers) },
      istio: { rules: { svc: { trafficPolicy: { loadBalancer: { simple: 'ROUND_ROBIN' } } } } },
    },
    { qps },
  )
  await callsGoTo(client, servers)
  const { byPeer, failures } = await client.next(100)
  expect(failures).toBe(0)
  for (const { name } of servers) expect(Math.abs(byPeer[name]! - 50)).toBeLessThanOrEqual(1)
})

lb('change_backend_service', async (stage) => {
  const [main, alternate] = await stage.servers('main', 'alternate')
  const services = { svc: on(main!), alternate: on(alternate!) }
  const { client, apply } = await stage.begin({ services }, { qps })
  await callsGoTo(client, [main!])
  await apply({ services, ...toAlternate })
  await callsGoTo(client, [alternate!])
  expect((await client.accumulated('UnaryCall')).results).toEqual({ [status.OK]: expect.any(Number) })
})

lb('remove_neg', async (stage) => {
  const [main, alternate] = await stage.servers('main', 'alternate')
  const { client, apply } = await stage.begin({ services: { svc: on(main!, alternate!) } }, { qps })
  await callsGoTo(client, [main!, alternate!])
  await apply({ services: { svc: on(main!) } })
  await callsGoTo(client, [main!])
  await apply({ services: { svc: on(alternate!) } })
  await callsGoTo(client, [alternate!])
})

// A health checker finds out who does not serve, and the control plane says how the localities share: as Traffic Director, gently.
lb('failover', async (stage) => {
  const primary = await stage.servers('primary-1', 'primary-2', 'primary-3')
  const secondary = await stage.servers('secondary-1', 'secondary-2', 'secondary-3')
  const elsewhere = 'region-1/zone-2'
  const given = (gentle: boolean): Given => ({
    services: {
      svc: [{ servers: primary }, { servers: secondary, locality: elsewhere, priority: gentle ? 0 : 1 }],
    },
    istio: { rules: { svc: { trafficPolicy: failoverPolicy(gentle ? elsewhere : undefined) } } },
  })
  const { client, apply } = await stage.begin(given(false), { qps: 100 })
  await callsGoTo(client, primary)

  await primary[0]!.setServing(false)
  await apply(given(false))
  await callsGoTo(client, primary.slice(1))

  await primary[1]!.setServing(false)
  await apply(given(true))
  await callsGoTo(client, [...primary.slice(2), ...secondary])

  await primary[2]!.setServing(false)
  await apply(given(false))
  await callsGoTo(client, secondary)

  for (const server of primary) await server.setServing(true)
  await apply(given(false))
  await callsGoTo(client, primary)
})

function failoverPolicy(shared: string | undefined): object {
  const localityLbSetting =
    shared === undefined
      ? { enabled: true }
      : {
          enabled: true,
          distribute: [{ from: 'region-1/zone-1/*', to: { 'region-1/zone-1/*': 25, [`${shared}/*`]: 75 } }],
        }
  return {
    loadBalancer: { simple: 'ROUND_ROBIN', localityLbSetting },
    // locality failover is there only with outlier detection
    outlierDetection: { consecutive5xxErrors: 100 },
  }
}

lb('affinity', async (stage) => {
  const servers = await stage.servers('one', 'two', 'three')
  const given = byHeader('xds_md', on(...servers))
  const { client, apply } = await stage.begin(given, { qps, rpc: 'EmptyCall', metadata: 'EmptyCall:xds_md:123' })
  await until(async () => expect((await client.next(1)).failures).toBe(0), patienceMs)
  expect(endpointsOf(await client.config(), 'svc')).toHaveLength(3)
  const first = await onePeer(client)
  expect((await client.subchannels(target)).filter((state) => state === 'READY')).toHaveLength(1)

  await servers.find(({ name }) => name === first)!.setServing(false)
  await apply(given)
  await until(async () => expect(endpointsOf(await client.config(), 'svc')).toHaveLength(2), patienceMs)
  expect(await onePeer(client)).not.toBe(first)
})

/** Who answers 100 calls. */
async function onePeer(client: InteropClient): Promise<string> {
  const { byPeer, failures } = await client.next(100)
  expect(failures).toBe(0)
  const peers = Object.keys(byPeer)
  expect(peers).toHaveLength(1)
  return peers[0]!
}

lb('circuit_breaking', async (stage) => {
  const [main, alternate] = await stage.servers('main', 'alternate')
  const given = (unary: number, empty: number): Given => {
    const path = '/grpc.testing.TestService/EmptyCall'
    const breaker = (max: number): object => ({ circuit_breakers: { thresholds: [{ max_requests: max }] } })
    const pool = (max: number): object => ({
      trafficPolicy: { connectionPool: { http: { http2MaxRequests: max, http1MaxPendingRequests: 10_000 } } },
    })
    return {
      services: { svc: on(main!), alternate: on(alternate!) },
      istio: {
        http: [{ match: [{ uri: { exact: path } }], route: [{ destination: { host: 'alternate' } }] }],
        rules: { svc: pool(unary), alternate: pool(empty) },
      },
      xds: {
        routes: [{ match: { path }, route: { cluster: 'alternate' } }],
        clusters: { svc: breaker(unary), alternate: breaker(empty) },
      },
    }
  }
  const rpc: Method[] = ['UnaryCall', 'EmptyCall']
  const { client, apply } = await stage.begin(given(500, 1000), { qps: 100, rpc: rpc.join() })
  await callsGoTo(client, [main!, alternate!])
  await client.configure({
    rpc,
    metadata: rpc.map((method) => [method, 'rpc-behavior', 'keep-open'] as const),
    timeoutSeconds: 20,
  })
  await settlesAt(client, 'UnaryCall', 500)
  await settlesAt(client, 'EmptyCall', 1000)
  await apply(given(800, 1000))
  await settlesAt(client, 'UnaryCall', 800)
})

/** Calls under way, up to a second's worth short of the limit; and never above it. */
async function settlesAt(client: InteropClient, method: Method, limit: number): Promise<void> {
  await until(async () => {
    const { started, results } = await client.accumulated(method)
    const underWay = started - Object.values(results).reduce((sum, count) => sum + count, 0)
    expect(underWay).toBeLessThanOrEqual(limit)
    expect(underWay).toBeGreaterThanOrEqual(limit - 100)
  }, patienceMs)
}

lb('outlier_detection', async (stage) => {
  const servers = await stage.servers('one', 'two', 'three', 'four', 'five')
  const { client } = await stage.begin(
    {
      services: { svc: on(...servers) },
      istio: {
        rules: {
          svc: {
            trafficPolicy: {
              loadBalancer: { simple: 'ROUND_ROBIN' },
              outlierDetection: {
                consecutive5xxErrors: 5,
                interval: '2s',
                baseEjectionTime: '5s',
                maxEjectionPercent: 20,
              },
            },
          },
        },
      },
      xds: {
        clusters: {
          svc: { outlier_detection: { interval: '2s', base_ejection_time: '5s', success_rate_request_volume: 20 } },
        },
      },
    },
    { qps: 100 },
  )
  await callsGoTo(client, servers)
  await client.configure({
    rpc: ['UnaryCall'],
    metadata: [['UnaryCall', 'rpc-behavior', 'hostname=one error-code-2']],
  })
  await callsGoTo(client, servers.slice(1))
  await client.configure({ rpc: ['UnaryCall'] })
  await callsGoTo(client, servers)
})

// The second half of the scenario, a balancer that the application brings along, is none of ours: see README.md.
lb(
  'custom_lb (a policy that is not known is passed over)',
  async (stage) => {
    const servers = await stage.servers('one', 'two')
    const unknown = {
      '@type': 'type.googleapis.com/xds.type.v3.TypedStruct',
      type_url: 'type.googleapis.com/test.ThisLoadBalancerDoesNotExist',
      value: { foo: 'bar' },
    }
    const known = {
      '@type': 'type.googleapis.com/envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin',
    }
    const policies = [unknown, known].map((typed_config) => ({ typed_extension_config: { name: 'x', typed_config } }))
    const { client } = await stage.begin(
      { services: { svc: on(...servers) }, xds: { clusters: { svc: { load_balancing_policy: { policies } } } } },
      { qps },
    )
    await callsGoTo(client, servers)
    const { byPeer } = await client.next(100)
    for (const { name } of servers) expect(Math.abs(byPeer[name]! - 50)).toBeLessThanOrEqual(1)
  },
  { planes: ['go-control-plane'] },
)

lb('dualstack', async (stage) => {
  const start = (name: string, ...addresses: readonly string[]): Promise<TestServer> =>
    stage.server(name, { addresses })
  const servers = [await start('both', '127.0.0.1', '::1'), await start('v4', '127.0.0.1'), await start('v6', '::1')]
  const svc: readonly Group[] = on(...servers)
  const { client } = await stage.begin({ services: { svc } }, { qps })
  await callsGoTo(client, servers)
})
