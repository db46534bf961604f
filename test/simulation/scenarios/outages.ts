// Endpoints that are slow, that fail, that are gone: the scenarios every balancer and retry policy meets.
import { about } from '../engine/distributions.ts'
import { run, type Setup } from '../engine/run.ts'
import { policies } from './policies.ts'
import { type Scenario, seed } from './scenario.ts'

/** Ten instances of two workers and 20 ms, asked half of what they can do. */
const service: Pick<Setup, 'seed' | 'servers' | 'server' | 'rate'> = {
  seed,
  servers: 10,
  server: { workers: 2, serviceMs: about(20) },
  rate: 500,
}

export const slowEndpoint: Scenario = {
  name: 'Slow endpoint',
  story: 'One of ten instances becomes ten times slower; measured from then on.',
  policies,
  run: (policy) =>
    run(
      {
        ...service,
        seconds: 12,
        measure: [2, 12],
        script: ({ network, servers: [first] }) => network.at(2_000, () => void (first!.slowness = 10)),
      },
      policy,
    ),
}

export const partialOutage: Scenario = {
  name: 'Partial outage',
  story: 'Three of ten instances answer every request at once with 503; measured while they do.',
  policies,
  run: (policy) =>
    run(
      {
        ...service,
        seconds: 8,
        measure: [2, 8],
        script: ({ network, servers }) =>
          network.at(2_000, () => {
            for (const server of servers.slice(0, 3)) server.health = 'failing'
          }),
      },
      policy,
    ),
}

export const fullOutage: Scenario = {
  name: 'Full outage and recovery',
  story:
    'For three seconds every instance is forty times slower, as if its database hung; calls give up after 500 ms, instances work off what they took in. ' +
    'Measured meanwhile; the last column is the goodput of the ten seconds after.',
  policies,
  units: { 'goodput after': 'percent' },
  run: (policy) =>
    run(
      {
        ...service,
        rate: 500,
        seconds: 16,
        measure: [3, 6],
        later: ['goodput after', 6, 16],
        timeoutMs: 500,
        script: ({ network, servers }) => {
          network.at(3_000, () => {
            for (const server of servers) server.slowness = 40
          })
          network.at(6_000, () => {
            for (const server of servers) server.slowness = 1
          })
        },
      },
      policy.retry === undefined ? policy : { ...policy, retry: { ...policy.retry, perTryTimeoutMs: 150 } },
    ),
}

export const rollingRestart: Scenario = {
  name: 'Rolling restart',
  story:
    'Instances restart one after the other: connections break, half a second nobody listens, then a second at a fifth of the speed.',
  policies,
  run: (policy) =>
    run(
      {
        ...service,
        seconds: 14,
        measure: [2, 13],
        script: ({ network, servers }) => {
          for (const [i, server] of servers.entries()) {
            const at = 2_000 + i * 1_000
            network.at(at, () => server.crash())
            network.at(at + 500, () => {
              server.health = 'up'
              server.slowness = 5
            })
            network.at(at + 1_500, () => void (server.slowness = 1))
          }
        },
      },
      policy,
    ),
}
