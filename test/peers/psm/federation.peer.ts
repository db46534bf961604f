// The scenario `federation` of gRPC's psm-interop: two authorities, each of which has half of what a client needs.
import { expect } from 'vitest'
import { until } from '../../kit/until.ts'
import { callsGoTo, patienceMs } from './harness/expect-calls.ts'
import { scenarios } from './harness/scenarios.ts'

const federation = await scenarios('federation')

const ads = { ads: {}, resource_api_version: 'V3' }
const any = (type: string, value: object = {}): object => ({
  '@type': `type.googleapis.com/envoy.extensions.filters.${type}`,
  ...value,
})
const listener = 'xdstp://authority1/envoy.config.listener.v3.Listener/listener_0'
const cluster = 'xdstp://authority2/envoy.config.cluster.v3.Cluster/cluster1'
const endpoint = 'xdstp://authority2/envoy.config.endpoint.v3.ClusterLoadAssignment/endpoint1'

federation(
  'test_federation',
  async (stage) => {
    const [server] = await stage.servers('server1')
    const [one, two] = [await stage.ownGoPlane(), await stage.ownGoPlane()]
    const manager = any('network.http_connection_manager.v3.HttpConnectionManager', {
      stat_prefix: 'x',
      route_config: {
        name: 'inline',
        virtual_hosts: [{ name: 'all', domains: ['*'], routes: [{ match: { prefix: '' }, route: { cluster } }] }],
      },
      http_filters: [{ name: 'router', typed_config: any('http.router.v3.Router') }],
    })
    await one.say(stage.node, { listeners: [{ name: listener, api_listener: { api_listener: manager } }] })
    const address = { socket_address: { address: '127.0.0.1', port_value: server!.port } }
    await two.say(stage.node, {
      clusters: [{ name: cluster, type: 'EDS', eds_cluster_config: { eds_config: ads, service_name: endpoint } }],
      endpoints: [
        {
          cluster_name: endpoint,
          endpoints: [
            {
              locality: { region: 'r' },
              load_balancing_weight: 1,
              lb_endpoints: [{ endpoint: { address } }],
            },
          ],
        },
      ],
    })
    const of = (port: number): object => ({
      xds_servers: [{ server_uri: `127.0.0.1:${port}`, channel_creds: [{ type: 'insecure' }] }],
    })
    // nobody is to ask the default server
    const client = await stage.client(
      ['invalid.:8080'],
      { qps: 25, server: 'xds://authority1/listener_0' },
      { authorities: { authority1: of(one.port), authority2: of(two.port) } },
    )
    await until(async () => {
      for (const { port } of [one, two]) expect(await client.channels(`:${port}`)).toMatchObject([{ state: 'READY' }])
    }, patienceMs)
    expect(await client.channels('invalid')).toEqual([])
    await callsGoTo(client, [server!], 10)
  },
  { planes: ['go-control-plane'] },
)
