// Scenarios of gRPC's psm-interop by their names, suite `lb`: our client on grpc-go servers, led by each control plane.
import { expect } from 'vitest'
import { callsGoTo } from './harness/expect-calls.ts'
import { on } from './harness/given.ts'
import { scenarios } from './harness/scenarios.ts'

const lb = await scenarios('lb')

lb('baseline', async (stage) => {
  const [server] = await stage.servers('server')
  const { client } = await stage.begin({ services: { svc: on(server!) } }, { qps: 25 })
  await callsGoTo(client, [server!])
  const { node, generic_xds_configs = [] } = await client.config()
  expect(node.id).toBe(stage.node)
  expect(generic_xds_configs.map(({ client_status }) => client_status)).toEqual(['ACKED', 'ACKED', 'ACKED', 'ACKED'])
})

lb('round_robin', async (stage) => {
  const servers = await stage.servers('one', 'two')
  const { client } = await stage.begin(
    {
      services: { svc: on(...servers) },
      istio: { rules: { svc: { trafficPolicy: { loadBalancer: { simple: 'ROUND_ROBIN' } } } } },
    },
    { qps: 25 },
  )
  await callsGoTo(client, servers)
  const { byPeer, failures } = await client.next(100)
  expect(failures).toBe(0)
  for (const { name } of servers) expect(Math.abs(byPeer[name]! - 50)).toBeLessThanOrEqual(1)
})

lb('change_backend_service', async (stage) => {
  const [main, alternate] = await stage.servers('main', 'alternate')
  const services = { svc: on(main!), alternate: on(alternate!) }
  const { client, apply } = await stage.begin({ services }, { qps: 25 })
  await callsGoTo(client, [main!])
  const before = await client.accumulated('UnaryCall')
  await apply({
    services,
    istio: { http: [{ route: [{ destination: { host: 'alternate' } }] }] },
    xds: { routes: [{ match: { prefix: '' }, route: { cluster: 'alternate' } }] },
  })
  await callsGoTo(client, [alternate!])
  const { results } = await client.accumulated('UnaryCall')
  expect(results).toEqual({ 0: expect.any(Number) })
  expect(results[0]).toBeGreaterThan(before.results[0]!)
})
