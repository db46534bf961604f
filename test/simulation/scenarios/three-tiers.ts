// A chain of three services, each a mesh client of the next: what retries on every tier do to the last one when it fails.
import { type Cluster, SeededRandom } from '@proxyless/core/spi'
import { Client } from '../engine/client.ts'
import { about, unit } from '../engine/distributions.ts'
import { type Figures, Recorder } from '../engine/figures.ts'
import { endpointsOf, Network } from '../engine/network.ts'
import { configOf, type Policy } from '../engine/run.ts'
import type { Job, Server } from '../engine/server.ts'
import { budgetOf, leastRequest, policies } from './policies.ts'
import { type Scenario, seed } from './scenario.ts'

const perTier = 3
const callsPerSecond = 1_200
const [outageFrom, outageTo] = [2, 6]

export const retryStorm: Scenario = {
  name: 'Retry storm over three tiers',
  story:
    'A calls B calls C, three instances each, each instance with its own mesh; for four seconds C answers everything with 503. ' +
    'Measured meanwhile; the last column is how many requests reach C for each call of A.',
  policies: {
    'least request': policies['least request'],
    'least request, retries': policies['least request, retries'],
    'least request, retries, budget': policies['least request, retries, budget'],
    'least request, retries, budget of at least 1': {
      ...policies['least request, retries'],
      cluster: { loadBalancer: leastRequest, ...budgetOf(1) },
    },
  },
  units: { 'requests at C': 'ratio' },
  run: runTiers,
}

async function runTiers(policy: Policy): Promise<Figures> {
  const network = new Network(seed)
  const clients: Client[] = []
  const c = tier(network, 2, undefined, policy, clients)
  tier(network, 1, 2, policy, clients)
  const callers = Array.from({ length: perTier }, (_, i) => clientOf(network, 1, policy, 40 + i, clients))
  await Promise.all(clients.map(({ mesh }) => mesh.ready()))
  const recorder = new Recorder(outageFrom, outageTo)
  const reached = { before: 0, after: 0 }
  network.at(outageFrom * 1_000, () => {
    for (const server of c) server.health = 'failing'
    reached.before = received(c)
  })
  network.at(outageTo * 1_000, () => {
    for (const server of c) server.health = 'up'
    reached.after = received(c)
  })
  send(network, callers, recorder)
  network.clock.advance(20_000)
  const figures = recorder.figures({})
  await Promise.all(clients.map(({ mesh }) => mesh.close()))
  return { ...figures, more: { 'requests at C': (reached.after - reached.before) / figures.calls } }
}

/** Instances of a service that ask the service behind them before they answer. */
function tier(
  network: Network,
  subnet: number,
  behind: number | undefined,
  policy: Policy,
  clients: Client[],
): readonly Server[] {
  return network.servers(
    perTier,
    (place) => {
      const client = behind === undefined ? undefined : clientOf(network, behind, policy, subnet * 10 + place, clients)
      return {
        workers: 16,
        serviceMs: about(5),
        ...(client === undefined
          ? {}
          : {
              handle: (job: Job, done: (status: number) => void) =>
                client.call('service', job.key, ({ status }) => done(status === 200 ? 200 : 503)),
            }),
      }
    },
    subnet,
  )
}

function clientOf(network: Network, subnet: number, policy: Policy, place: number, clients: Client[]): Client {
  const cluster: Partial<Cluster> = policy.cluster ?? {}
  const said = configOf(endpointsOf(perTier, subnet), { ...policy, cluster }, 2_000)
  const client = new Client(network, said, seed * 31 + place)
  clients.push(client)
  return client
}

function send(network: Network, callers: readonly Client[], recorder: Recorder): void {
  const random = new SeededRandom(seed + 1)
  let next = 0
  const one = (): void => {
    const begunMs = network.clock.now()
    if (begunMs >= 8_000) return
    callers[next++ % callers.length]?.call('service', 0, ({ status, attempts }) =>
      recorder.record(begunMs, network.clock.now() - begunMs, status, attempts),
    )
    network.at(begunMs + (-Math.log(unit(random)) * 1_000) / callsPerSecond, one)
  }
  network.at(0, one)
}

function received(servers: readonly Server[]): number {
  return servers.reduce((sum, server) => sum + server.received, 0)
}
