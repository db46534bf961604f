// Scenarios of gRPC's psm-interop by their names, suite `fallback`: two control planes, of which the first comes and goes (gRFC A71).
import { expect } from 'vitest'
import { until } from '../../kit/until.ts'
import { callsGoTo, patienceMs } from './harness/expect-calls.ts'
import { Gateway } from './harness/gateway.ts'
import { type Given, on, target } from './harness/given.ts'
import type { InteropClient } from './harness/interop-client.ts'
import type { Plane } from './harness/plane.ts'
import { scenarios } from './harness/scenarios.ts'
import type { Stage } from './harness/stage.ts'
import type { TestServer } from './harness/test-server.ts'

const fallback = await scenarios('fallback')

const qps = 10
/** Upstream's name, which is none of a service: only xDS can say it. */
const listener = 'listener_0'

fallback('test_fallback_on_startup', async (stage) => {
  const [server1, server2] = await stage.servers('server1', 'server2')
  const [primary, secondary] = [await planeAt(stage), await planeAt(stage)]
  await primary.say({ services: { svc: on(server1!) }, xds: { listener } })
  await secondary.say({ services: { svc: on(server2!) }, xds: { listener } })
  const client = await clientOf(stage, primary, secondary, { rpc_timeout_sec: 2 })
  await expectAds(client, primary, 'TRANSIENT_FAILURE', secondary, 'TRANSIENT_FAILURE')
  expect(await client.next(5)).toMatchObject({ failures: 5 })

  await secondary.up()
  await expectAds(client, primary, 'TRANSIENT_FAILURE', secondary, 'READY')
  await callsGoTo(client, [server2!], 5)

  await primary.up()
  await expectAds(client, primary, 'READY', secondary, 'gone')
  await callsGoTo(client, [server1!], 10)

  await primary.down()
  await expectAds(client, primary, 'TRANSIENT_FAILURE', secondary, 'gone')
  expect(await client.next(5)).toMatchObject({ failures: 0, byPeer: { server1: 5 } })

  await secondary.down()
  await expectAds(client, primary, 'TRANSIENT_FAILURE', secondary, 'gone')
  expect(await client.next(5)).toMatchObject({ failures: 0, byPeer: { server1: 5 } })
})

fallback('test_fallback_mid_startup', async (stage) => {
  const [server1, server2] = await stage.servers('server1', 'server2')
  const [primary, secondary] = [await planeAt(stage), await planeAt(stage)]
  const first = viaCluster('cluster-1', server1!)
  await primary.say(first)
  await secondary.say(viaCluster('cluster-2', server2!))
  await secondary.up()
  await primary.up()
  primary.gateway.downOn('cluster-1')
  const client = await clientOf(stage, primary, secondary)
  await expectAds(client, primary, 'TRANSIENT_FAILURE', secondary, 'READY')
  await callsGoTo(client, [server2!], 5)

  await primary.up()
  await expectAds(client, primary, 'READY', secondary, 'gone')
  await callsGoTo(client, [server1!], 10)
})

fallback('test_fallback_mid_update', async (stage) => {
  const [server1, server2, server3] = await stage.servers('server1', 'server2', 'server3')
  const [primary, secondary] = [await planeAt(stage), await planeAt(stage)]
  await primary.say(viaCluster('cluster-1', server1!))
  await secondary.say(viaCluster('cluster-2', server2!))
  await secondary.up()
  await primary.up()
  const client = await clientOf(stage, primary, secondary)
  await expectAds(client, primary, 'READY', secondary, 'gone')
  await callsGoTo(client, [server1!], 5)

  primary.gateway.downOn('cluster-3')
  await primary.say(viaCluster('cluster-3', server3!))
  await expectAds(client, primary, 'TRANSIENT_FAILURE', secondary, 'READY')
  await callsGoTo(client, [server2!], 10)

  await primary.up()
  await expectAds(client, primary, 'READY', secondary, 'gone')
  await callsGoTo(client, [server3!], 20)
})

/** A control plane behind an address where nothing listens yet. */
interface PlaneAt {
  readonly gateway: Gateway
  say(given: Given): Promise<void>
  up(): Promise<void>
  down(): Promise<void>
}

async function planeAt(stage: Stage): Promise<PlaneAt> {
  const plane: Plane = await stage.ownPlane()
  const gateway = await Gateway.reserve()
  stage.closing(gateway, () => gateway.down())
  return {
    gateway,
    say: (given) => plane.apply(stage.node, given),
    up: () => gateway.up(plane.port),
    down: () => gateway.down(),
  }
}

function clientOf(stage: Stage, primary: PlaneAt, secondary: PlaneAt, flags: object = {}): Promise<InteropClient> {
  const server = stage.planeName === 'go-control-plane' ? `xds:///${listener}` : target
  return stage.client([primary.gateway.address, secondary.gateway.address], { qps, server, ...flags })
}

/** All calls go to a cluster of this name, which a client asks for once it knows of it. */
function viaCluster(name: string, server: TestServer): Given {
  return {
    services: { svc: on(server), [name]: on(server) },
    istio: { http: [{ route: [{ destination: { host: name } }] }] },
    xds: { listener, routes: [{ match: { prefix: '' }, route: { cluster: name } }], only: true },
  }
}

type State = 'READY' | 'TRANSIENT_FAILURE' | 'gone'

async function expectAds(
  client: InteropClient,
  primary: PlaneAt,
  primaryState: State,
  secondary: PlaneAt,
  secondaryState: State,
): Promise<void> {
  await until(async () => {
    const states = [await adsState(client, primary), await adsState(client, secondary)]
    expect(states).toEqual([primaryState, secondaryState])
  }, patienceMs)
}

/** By the server's address. */
async function adsState(client: InteropClient, { gateway }: PlaneAt): Promise<string> {
  const found = await client.channels(gateway.address)
  expect(found.length).toBeLessThanOrEqual(1)
  return found[0]?.state ?? 'gone'
}
