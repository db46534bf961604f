// SEMANTICS 5: who is asked again, when, how often, and what is told in the end.
import { retryConditions, type RetryPolicy } from '@proxyless/core/spi'
import type { Answer } from '../../../kit/backend.ts'
import { cluster } from '../../../kit/config.ts'
import { type Answers, type Scenario, scenario } from '../harness/scenario.ts'
import { retries, to } from '../harness/words.ts'

const s = (status: number): Answer => ({ status })
const close: Answer = { instead: 'close' }
const reset: Answer = { instead: 'reset' }
const grpc = (status: number): Answer => ({
  headers: ['content-type', 'application/grpc', 'grpc-status', String(status)],
})

/** Each list of answers is another call; 200 after its end. */
function asked(
  says: string,
  retryOn: RetryPolicy['retryOn'],
  lists: readonly Answers[],
  more: Partial<RetryPolicy> = {},
): Scenario {
  return scenario(`5: ${says}`, {
    routes: [to('a', retries(retryOn, more))],
    asks: lists.map((answers) => ({ answers })),
  })
}

const statuses = [400, 404, 408, 409, 425, 429, 499, 500, 501, 502, 503, 504, 505, 599].map((status) => [s(status)])
const broken = [[close], [reset], [close, close, close]]
const limited: Answer = { status: 503, headers: ['x-envoy-ratelimited', 'true'] }

export const retrying: readonly Scenario[] = [
  ...retryConditions.map((condition) =>
    asked(
      `${condition} over statuses, breaks and gRPC statuses`,
      [condition],
      [...statuses, ...broken, ...[0, 1, 2, 4, 8, 13, 14].map((status) => [grpc(status)]), [limited]],
    ),
  ),
  ...retryConditions.map((condition) =>
    scenario(`5: ${condition} and a refused connection`, { routes: [to('down', retries([condition]))] }),
  ),
  asked('C084: codes of its own', ['reset', 'retriable-status-codes'], [[s(503)], [s(418)], [s(500)], [close]], {
    retriableStatusCodes: [503, 418],
  }),
  asked('C086: gateway-error twice', ['gateway-error'], [[s(503), s(503)], [s(503), s(503), s(503)], [s(500)]]),
  asked('the last answer counts', ['5xx'], [[s(500), s(503), s(502), s(501)]]),
  asked('a failure after an answer', ['5xx'], [[s(500), close, reset]]),
  asked('an answer after a failure', ['5xx'], [[close, s(500), s(404)]]),
  asked('one retry', ['5xx'], [[s(500), s(500), s(500)]], { numRetries: 1 }),
  asked('many retries', ['5xx'], [Array.from({ length: 8 }, () => s(500))], { numRetries: 6 }),
  asked('C088: rate limited answers suppress others', ['5xx'], [[limited]]),
  asked('rate limited answers with their own condition', ['envoy-ratelimited', '5xx'], [[limited, limited], [s(503)]]),
  asked('C090: unavailable looks at gRPC statuses only', ['unavailable'], [[s(503)], [grpc(14)]]),
  asked('all conditions at once', retryConditions, [...statuses, ...broken]),
  asked('none', [], [[s(503)], [close]]),
  scenario('5 C095: bodies are sent again', {
    routes: [to('a', retries(['5xx']))],
    asks: [
      { method: 'POST', body: 'hello', answers: [s(503)] },
      { method: 'PUT', body: 'x'.repeat(100_000), answers: [s(503), close] },
      { method: 'DELETE', answers: [s(503)] },
    ],
  }),
  scenario('5.8: HEAD is retried too', {
    routes: [to('a', retries(['5xx']))],
    asks: [{ method: 'HEAD', answers: [s(503)] }],
  }),
  scenario('5.2: nothing after the response has begun', {
    routes: [to('a', retries(['5xx', 'reset']))],
    answers: [{ instead: 'half', body: 'x' }],
  }),
  scenario('5 C080: another host where one refuses', {
    routes: [to('two', retries(['connect-failure'], { avoidPreviousHosts: true, numRetries: 3 }))],
    clusters: (at) => [cluster('two', [at('down'), at('b')], { loadBalancer: { kind: 'roundRobin' } })],
    play: async (side) => {
      const outcomes = await side.sendAll(Array.from({ length: 6 }, () => '/'))
      return outcomes.map(({ status, arrivals }) => [status, arrivals.map(({ backend }) => backend)])
    },
  }),
  scenario('5.4 C092: three hosts are tried before one is tried again', {
    routes: [to('abc', retries(['5xx'], { numRetries: 3, avoidPreviousHosts: true, backoffBaseMs: 1 }))],
    clusters: (at) => [
      cluster(
        'abc',
        ['a', 'b', 'c'].map((name) => at(name)),
      ),
    ],
    answers: () => s(500),
    play: async (side) => {
      const outcomes = await side.sendAll(Array.from({ length: 10 }, () => '/'))
      return outcomes.map(({ arrivals }) => [
        arrivals.length,
        new Set(arrivals.slice(0, 3).map(({ backend }) => backend)).size,
      ])
    },
  }),
  scenario('5.5 C094: back-off stays inside its windows', {
    routes: [to('a', retries(['5xx'], { numRetries: 4, backoffBaseMs: 40, backoffMaxMs: 80 }))],
    answers: () => s(500),
    play: async (side) => {
      const started = performance.now()
      const { status, arrivals } = await side.send('/')
      // 40 + 80 + 80 + 80, and as much again for a busy machine
      return [status, arrivals.length, performance.now() - started < 560]
    },
  }),
  scenario('5.6: no retry where none may be under way', {
    routes: [to('tight', retries(['5xx']))],
    clusters: (at) => [
      cluster('tight', [at('a')], {
        circuitBreakers: { maxConnections: 9, maxPendingRequests: 9, maxRequests: 9, maxRetries: 0 },
      }),
    ],
    asks: [{ answers: [s(503)] }, { answers: [close] }],
  }),
  scenario('5.6: a retry budget that leaves none', {
    routes: [to('tight', retries(['5xx']))],
    clusters: (at) => [
      cluster('tight', [at('a')], {
        circuitBreakers: {
          maxConnections: 9,
          maxPendingRequests: 9,
          maxRequests: 9,
          maxRetries: 9,
          retryBudget: { percent: 0, minRetryConcurrency: 0 },
        },
      }),
    ],
    asks: [{ answers: [s(503)] }],
  }),
  scenario('5.6: a retry budget with a least number', {
    routes: [to('tight', retries(['5xx']))],
    clusters: (at) => [
      cluster('tight', [at('a')], {
        circuitBreakers: {
          maxConnections: 9,
          maxPendingRequests: 9,
          maxRequests: 9,
          maxRetries: 0,
          retryBudget: { percent: 0, minRetryConcurrency: 1 },
        },
      }),
    ],
    asks: [{ answers: [s(503), s(503), s(503)] }],
  }),
]
