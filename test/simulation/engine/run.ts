// One run: clients send calls at random moments to a service, something happens to it, and a recorder listens.
import { type Cluster, type MeshConfig, type Random, type RetryPolicy, SeededRandom } from '@proxyless/core/spi'
import { cluster, config, forward, host, route } from '../../kit/config.ts'
import { Client } from './client.ts'
import { unit } from './distributions.ts'
import { type Figures, Recorder } from './figures.ts'
import { endpointsOf, Network, type NetworkOptions } from './network.ts'
import type { Server, ServerOptions } from './server.ts'

/** What the mesh is told to do: what a scenario compares. */
export interface Policy {
  readonly cluster?: Partial<Cluster>
  /** What differs from client to client. */
  readonly own?: (place: number) => Partial<Cluster>
  readonly retry?: RetryPolicy
  readonly hash?: boolean
}

export interface Setup {
  readonly seed: number
  readonly servers: number
  readonly server: ServerOptions | ((place: number) => ServerOptions)
  readonly clients?: number
  /** Calls a second, all clients together. */
  readonly rate: number | ((nowMs: number) => number)
  readonly seconds: number
  /** Only calls that begin within are measured, in seconds; default: all. */
  readonly measure?: readonly [from: number, to: number]
  /** Another time of which the goodput is told, and by what name. */
  readonly later?: readonly [name: string, from: number, to: number]
  /** So many of the servers are listed at first, all of them from that second on. */
  readonly joining?: readonly [first: number, atSeconds: number]
  readonly timeoutMs?: number
  /** What each call asks for. */
  readonly keyOf?: (random: Random) => number
  readonly network?: Partial<NetworkOptions>
  /** What happens meanwhile. */
  readonly script?: (world: RunningWorld) => void
  readonly more?: (world: RunningWorld) => Readonly<Record<string, number>>
}

interface RunningWorld {
  readonly network: Network
  readonly servers: readonly Server[]
  readonly clients: readonly Client[]
}

/** After the last call, until all have ended. */
const settlingMs = 30_000

export async function run(setup: Setup, policy: Policy): Promise<Figures> {
  const { seed, clients: count = 3, seconds, timeoutMs = 1_000 } = setup
  const network = new Network(seed, setup.network)
  const servers = network.servers(setup.servers, setup.server)
  const first = setup.joining?.[0] ?? setup.servers
  const said = (place: number, servers: number): MeshConfig => {
    const own = { ...policy, cluster: { ...policy.cluster, ...policy.own?.(place) } }
    return configOf(endpointsOf(servers, 0, network.options.zones), own, timeoutMs)
  }
  const clients = Array.from({ length: count }, (_, i) => new Client(network, said(i, first), seed * 31 + i, i))
  await Promise.all(clients.map(({ mesh }) => mesh.ready()))
  const world = { network, servers, clients }
  setup.script?.(world)
  const { measure = [0, seconds], later } = setup
  const recorder = new Recorder(...measure)
  const after = later && new Recorder(later[1], later[2])
  send(setup, world, after === undefined ? [recorder] : [recorder, after])
  if (setup.joining !== undefined) {
    network.clock.advance(setup.joining[1] * 1_000)
    await Promise.all(clients.map((client, i) => client.apply(said(i, setup.servers))))
  }
  network.clock.advance(seconds * 1_000 + settlingMs - network.clock.now())
  const figures = recorder.figures({
    ...(after === undefined ? {} : { [later?.[0] ?? '']: after.goodput }),
    ...setup.more?.(world),
  })
  await Promise.all(clients.map(({ mesh }) => mesh.close()))
  return figures
}

export function configOf(
  endpoints: ReturnType<typeof endpointsOf>,
  { retry, hash = false, cluster: more = {} }: Policy,
  timeoutMs: number,
): ReturnType<typeof config> {
  const action = forward('service', {
    timeoutMs,
    ...(retry === undefined ? {} : { retry }),
    hashPolicies: hash ? [{ kind: 'header', name: 'key' }] : [],
  })
  return config([host(['service'], [route(action)])], [cluster('service', endpoints, more)])
}

/** Calls come independently of one another, and of how the ones before fare. */
function send(setup: Setup, { network, clients }: RunningWorld, recorders: readonly Recorder[]): void {
  const { seed, rate, seconds, keyOf = () => 0 } = setup
  const random = new SeededRandom(seed + 1)
  let next = 0
  const one = (): void => {
    const begunMs = network.clock.now()
    if (begunMs >= seconds * 1_000) return
    const client = clients[next++ % clients.length]
    const key = keyOf(random)
    client?.clock.arrive(() =>
      client.call('service', key, ({ status, attempts }) => {
        const tookMs = network.clock.now() - begunMs
        for (const recorder of recorders) recorder.record(begunMs, tookMs, status, attempts)
      }),
    )
    const perSecond = typeof rate === 'number' ? rate : rate(begunMs)
    network.at(begunMs + (-Math.log(unit(random)) * 1_000) / perSecond, one)
  }
  network.at(0, one)
}
