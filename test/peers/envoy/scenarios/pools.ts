// SEMANTICS 8: what one cluster may have under way at once, and its connections.
import type { CircuitBreakers, ConnectionPool } from '@proxyless/core/spi'
import type { Answer } from '../../../kit/backend.ts'
import { until } from '../../../kit/until.ts'
import { cluster } from '../../../kit/config.ts'
import type { Outcome } from '../harness/outcome.ts'
import { type Scenario, scenario } from '../harness/scenario.ts'
import type { Side } from '../harness/side.ts'
import { retries, to } from '../harness/words.ts'

const none: CircuitBreakers = {
  maxConnections: Infinity,
  maxPendingRequests: Infinity,
  maxRequests: Infinity,
  maxRetries: Infinity,
}

function limited(
  says: string,
  circuitBreakers: Partial<CircuitBreakers>,
  parallel: number,
  more: Parameters<typeof to>[1] = {},
): Scenario {
  return scenario(`8: ${says}`, {
    routes: [to('tight', more)],
    clusters: (at) => [cluster('tight', [at('a')], { circuitBreakers: { ...none, ...circuitBreakers } })],
    play: (side) => together(side, parallel),
  })
}

/** One after the other; the server answers none before all have come that may. */
async function together(side: Side, parallel: number): Promise<unknown> {
  let open: () => void = () => undefined
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  let ended = 0
  let arrived = 0
  const send = async (n: number): Promise<Outcome> => {
    const answers = (): Answer => {
      arrived++
      return { after: gate }
    }
    const outcome = await side.send({ path: `/${n}`, answers })
    ended++
    return outcome
  }
  const sent: Promise<Outcome>[] = []
  for (let n = 0; n < parallel; n++) {
    sent.push(send(n))
    if (n === 0) await until(() => arrived + ended > 0)
    // who is refused is so at once; the rest is with the server or waits for a connection
    await until(settling(() => [arrived, ended]))
  }
  open()
  const outcomes = await Promise.all(sent)
  return outcomes.map(short).toSorted()
}

function short({ status, body, flags, headers, arrivals }: Outcome): string {
  return JSON.stringify([status, status === 200 ? '' : body, flags, headers['x-envoy-overloaded'], arrivals.length])
}

/** True once the numbers were the same ten times in a row. */
function settling(numbers: () => readonly number[]): () => boolean {
  let before = ''
  let times = 0
  return () => {
    const now = numbers().join()
    times = now === before ? times + 1 : 0
    before = now
    return times >= 10
  }
}

function pooled(
  says: string,
  pool: Partial<ConnectionPool>,
  play: NonNullable<Scenario['play']>,
  bytes?: string,
): Scenario {
  const connectionPool = { idleTimeoutMs: 3_600_000, maxRequestsPerConnection: 0, maxConcurrentStreams: 100, ...pool }
  return scenario(`8: ${says}`, {
    routes: [to('own')],
    servers: {
      own: { answer: (n) => ({ bytes: bytes ?? `HTTP/1.1 200 OK\r\nx-n: ${n}\r\ncontent-length: 0\r\n\r\n` }) },
    },
    clusters: (at) => [cluster('own', [at('own')], { connectionPool })],
    play,
  })
}

/** Which request of its connection each was. */
async function places(side: Side, count: number): Promise<unknown> {
  const outcomes = await side.sendAll(Array.from({ length: count }, () => '/'))
  return outcomes.map(({ headers }) => headers['x-n'])
}

export const pools: readonly Scenario[] = [
  limited('C097: one connection, one waits, the third is refused', { maxConnections: 1, maxPendingRequests: 1 }, 3),
  limited('C098: requests, over HTTP/1.1 too', { maxRequests: 2 }, 3),
  limited('no request may wait', { maxPendingRequests: 0 }, 2),
  limited('connections alone only make requests wait', { maxConnections: 1 }, 5),
  limited('overflow is not retried', { maxRequests: 1 }, 3, retries(['5xx', 'reset', 'connect-failure'])),
  limited('two connections', { maxConnections: 2, maxPendingRequests: 2 }, 6),
  scenario('8: overflow in gRPC', {
    routes: [to('tight')],
    clusters: (at) => [cluster('tight', [at('a')], { circuitBreakers: { ...none, maxRequests: 0 } })],
    asks: [{ method: 'POST', headers: ['content-type', 'application/grpc'] }, '/'],
  }),
  scenario('8: every host may have one connection', {
    routes: [to('tight')],
    clusters: (at) => [
      cluster(
        'tight',
        ['a', 'b', 'c'].map((name) => at(name)),
        { circuitBreakers: { ...none, maxConnections: 1 } },
      ),
    ],
    play: async (side) => {
      const outcomes = await side.sendAll(Array.from({ length: 6 }, () => '/'))
      return outcomes.map(({ status }) => status)
    },
  }),
  pooled('connections are kept', {}, (side) => places(side, 4)),
  pooled('one request for each connection', { maxRequestsPerConnection: 1 }, (side) => places(side, 4)),
  pooled('two requests for each connection', { maxRequestsPerConnection: 2 }, (side) => places(side, 5)),
]
