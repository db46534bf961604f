// SEMANTICS 4 and 10: timeouts and faults. Durations are short, and far apart from one another.
import { cluster, forward, route } from '../../../kit/config.ts'
import { alike, counted } from '../harness/distribution.ts'
import { type Scenario, scenario } from '../harness/scenario.ts'
import type { Side } from '../harness/side.ts'
import { always, edit, never, prefix, retries, to } from '../harness/words.ts'

const hang = { instead: 'hang' } as const
const hanging = [hang, hang, hang, hang]
const grpc = ['content-type', 'application/grpc', 'te', 'trailers']

/** Whether a call took so long at least, and not much longer. */
async function lasting(side: Side, path: string, ms: number): Promise<unknown> {
  const started = performance.now()
  const outcome = await side.send(path)
  const took = performance.now() - started
  return { ...outcome, inTime: took > ms * 0.8 && took < ms + 2_000 ? true : took }
}

export const timing: readonly Scenario[] = [
  scenario('4 C071: the route’s timeout', {
    routes: [to('a', { timeoutMs: 150 })],
    answers: hanging,
    play: (side) => lasting(side, '/', 150),
  }),
  scenario('4 C071: in gRPC', {
    routes: [to('a', { timeoutMs: 150 })],
    answers: hanging,
    asks: [{ method: 'POST', headers: grpc }],
  }),
  scenario('4: a response in time', { routes: [to('a', { timeoutMs: 2_000 })] }),
  scenario('4 C072: the body is late', {
    routes: [to('a', { timeoutMs: 200 })],
    answers: [{ instead: 'half-hang', body: 'x' }],
  }),
  scenario('4: a per-try timeout that nothing retries', {
    routes: [to('a', retries(['connect-failure'], { perTryTimeoutMs: 100 }))],
    answers: hanging,
  }),
  ...(['5xx', 'gateway-error', 'reset', 'retriable-status-codes'] as const).map((condition) =>
    scenario(`4: a per-try timeout with ${condition}`, {
      routes: [to('a', retries([condition], { perTryTimeoutMs: 100, retriableStatusCodes: [504] }))],
      answers: [hang],
    }),
  ),
  scenario('4 C074: every attempt in its own time', {
    routes: [to('a', { timeoutMs: 5_000, ...retries(['5xx'], { perTryTimeoutMs: 80, numRetries: 3 }) })],
    answers: hanging,
  }),
  scenario('4 C075: per-try as long as the whole is ignored', {
    routes: [to('a', { timeoutMs: 150, ...retries(['5xx'], { perTryTimeoutMs: 150 }) })],
    answers: hanging,
  }),
  scenario('4: the whole ends what attempts have begun', {
    routes: [
      to('a', {
        timeoutMs: 250,
        ...retries(['5xx'], { perTryTimeoutMs: 100, numRetries: 9, backoffBaseMs: 1, backoffMaxMs: 2 }),
      }),
    ],
    answers: () => hang,
    play: async (side) => {
      const { status, flags, body, arrivals } = await side.send('/')
      return { status, flags, body, tries: arrivals.length }
    },
  }),
  scenario('4: the timeout ends back-off', {
    routes: [to('a', { timeoutMs: 200, ...retries(['5xx'], { backoffBaseMs: 100_000, backoffMaxMs: 100_000 }) })],
    answers: [{ status: 503 }],
  }),
  scenario('4: connections that are refused, with a timeout', {
    routes: [to('down', { timeoutMs: 500, ...retries(['connect-failure']) })],
  }),
  scenario('4 C079: control headers of callers are stripped', {
    routes: [to('a', { timeoutMs: 150 })],
    asks: [
      { headers: ['x-envoy-upstream-rq-timeout-ms', '5000'], answers: hanging },
      { headers: ['x-envoy-retry-on', '5xx', 'x-envoy-max-retries', '3'], answers: [{ status: 503 }] },
      { headers: ['x-envoy-upstream-rq-timeout-alt-response', '1'], answers: hanging },
    ],
  }),
  scenario('4 C079: control headers of callers who are trusted', {
    routes: [to('a', { timeoutMs: 500 })],
    trusting: true,
    asks: [
      { headers: ['x-envoy-upstream-rq-timeout-ms', '5000'] },
      { headers: ['x-envoy-upstream-rq-timeout-ms', '50'], answers: hanging },
      { headers: ['x-envoy-retry-on', '5xx'], answers: [{ status: 503 }] },
      {
        // three waits may take 175 ms
        headers: ['x-envoy-retry-on', '5xx', 'x-envoy-max-retries', '3', 'x-envoy-upstream-rq-timeout-ms', '10000'],
        answers: [{ status: 503 }, { status: 503 }, { status: 503 }],
      },
      {
        headers: ['x-envoy-retry-on', 'retriable-status-codes', 'x-envoy-retriable-status-codes', '418,419'],
        answers: [{ status: 419 }],
      },
      { headers: ['x-envoy-retry-grpc-on', 'unavailable'], answers: [{ headers: ['grpc-status', '14'] }] },
      { headers: ['x-envoy-max-retries', '3'], answers: [{ status: 503 }] },
      { headers: ['x-envoy-upstream-rq-timeout-alt-response', '1'], answers: hanging },
    ],
  }),
  scenario('4: trusted callers with a policy of the route', {
    routes: [to('a', retries(['gateway-error'], { numRetries: 2 }))],
    trusting: true,
    asks: [
      { headers: ['x-envoy-max-retries', '0'], answers: [{ status: 503 }] },
      { headers: ['x-envoy-max-retries', '1'], answers: [{ status: 503 }, { status: 503 }] },
      { headers: ['x-envoy-retry-on', 'retriable-4xx'], answers: [{ status: 409 }, { status: 503 }] },
      { headers: ['x-envoy-upstream-rq-per-try-timeout-ms', '60', 'x-envoy-retry-on', '5xx'], answers: hanging },
    ],
  }),
  scenario('4 C129 C130 C131: grpc-timeout', {
    routes: [
      to('a', { timeoutMs: 1_000, maxGrpcTimeoutMs: 1_000 }, prefix('/bound')),
      to('a', { timeoutMs: 0, maxGrpcTimeoutMs: 0 }, prefix('/free')),
      to('a', { timeoutMs: 300 }, prefix('/ignored')),
    ],
    asks: [
      { path: '/bound', headers: [...grpc, 'grpc-timeout', '5S'] },
      { path: '/bound', headers: [...grpc, 'grpc-timeout', '200m'], answers: hanging },
      { path: '/bound', headers: [...grpc] },
      { path: '/bound', headers: [...grpc, 'grpc-timeout', 'nonsense'] },
      { path: '/bound', headers: ['grpc-timeout', '5S'] },
      { path: '/free', headers: [...grpc, 'grpc-timeout', '200m'], answers: hanging },
      { path: '/free', headers: [...grpc, 'grpc-timeout', '1H'] },
      { path: '/ignored', headers: [...grpc, 'grpc-timeout', '50m'], answers: hanging },
    ],
  }),
  scenario('4: the caller gives up', {
    routes: [to('a', retries(['5xx'], { backoffBaseMs: 100_000, backoffMaxMs: 100_000 }))],
    asks: [
      { abortAfterMs: 150, answers: hanging },
      { abortAfterMs: 150, answers: [{ status: 503 }] },
    ],
  }),
  scenario('10: an abort', {
    routes: [
      to(
        'a',
        { fault: { abort: { httpStatus: 555, percent: always } }, responseHeaders: edit({ set: ['x-d', 'd'] }) },
        prefix('/555'),
      ),
      to('a', { fault: { abort: { grpcStatus: 14, percent: always } } }, prefix('/grpc')),
      to('a', { fault: { abort: { httpStatus: 503, grpcStatus: 5, percent: always } } }, prefix('/both')),
      to('a', { fault: { abort: { percent: always } } }, prefix('/neither')),
      to('a', { fault: { abort: { httpStatus: 500, percent: never } } }, prefix('/never')),
      to('nowhere', {
        fault: { abort: { httpStatus: 503, percent: always } },
        ...retries(['5xx']),
        mirrors: [{ cluster: 'b', percent: always, shadowHostSuffix: false }],
      }),
    ],
    asks: ['/555', '/grpc', '/both', '/neither', '/never', '/retried'].flatMap((path) => [
      { path },
      { path, method: 'POST', headers: grpc },
      { path, method: 'HEAD' },
    ]),
  }),
  scenario('10: a request may ask for its fault', {
    routes: [
      to('a', { fault: { requested: { abort: { max: always, unit: 10_000 } } } }, prefix('/abort')),
      to('a', { fault: { requested: { abort: { max: never, unit: 10_000 } } } }, prefix('/never')),
      to('a', { fault: { requested: { delay: { max: always, unit: 1 } } } }, prefix('/delay')),
      to('a'),
    ],
    asks: [
      ...['503', '199', '600', 'x', '0', ''].map((status) => ({
        path: '/abort',
        headers: ['x-envoy-fault-abort-request', status],
      })),
      { path: '/abort', headers: ['x-envoy-fault-abort-grpc-request', '5'] },
      { path: '/abort', headers: ['x-envoy-fault-abort-request', '500', 'x-envoy-fault-abort-grpc-request', '5'] },
      { path: '/abort', headers: ['x-envoy-fault-abort-grpc-request', '5', ...grpc], method: 'POST' },
      {
        path: '/abort',
        headers: ['x-envoy-fault-abort-request', '503', 'x-envoy-fault-abort-request-percentage', '0'],
      },
      {
        path: '/never',
        headers: ['x-envoy-fault-abort-request', '503', 'x-envoy-fault-abort-request-percentage', '100'],
      },
      { path: '/delay', headers: ['x-envoy-fault-delay-request', '20'] },
      { path: '/delay', headers: ['x-envoy-fault-delay-request', 'x'] },
      {
        path: '/delay',
        headers: ['x-envoy-fault-delay-request', '20', 'x-envoy-fault-delay-request-percentage', '0'],
      },
      '/abort',
      { path: '/', headers: ['x-envoy-fault-abort-request', '503'] },
    ],
  }),
  scenario('10: a destination has a fault of its own, or none', {
    routes: [
      route(
        forward('', {
          fault: { abort: { httpStatus: 503, percent: always } },
          clusters: [
            { cluster: 'a', weight: 1, fault: { abort: { httpStatus: 418, percent: always } } },
            { cluster: 'b', weight: 1, fault: 'none' },
            { cluster: 'c', weight: 1 },
          ],
        }),
      ),
    ],
    play: (side) => counted(side, 300),
    compare: alike,
  }),
  scenario('10: no more faults at once than a policy lets be', {
    routes: [to('a', { fault: { abort: { httpStatus: 503, percent: always }, maxActive: 0 } })],
  }),
  scenario('10: a delay is not counted by timeouts', {
    routes: [to('a', { timeoutMs: 150, fault: { delay: { delayMs: 300, percent: always } } })],
    play: (side) => lasting(side, '/', 300),
  }),
  scenario('10: a delay, then an abort', {
    routes: [
      to('a', { fault: { delay: { delayMs: 100, percent: always }, abort: { httpStatus: 400, percent: always } } }),
    ],
    play: (side) => lasting(side, '/', 100),
  }),
  scenario('10: the caller gives up in a delay', {
    routes: [to('a', { fault: { delay: { delayMs: 60_000, percent: always } } })],
    asks: [{ abortAfterMs: 150 }],
  }),
  scenario('10: delays and retries', {
    routes: [to('a', { fault: { delay: { delayMs: 50, percent: always } }, ...retries(['5xx']) })],
    answers: [{ status: 503 }],
  }),
  scenario('4: a connection that nobody accepts', {
    routes: [to('far', retries(['connect-failure'], { numRetries: 1 }))],
    clusters: (at) => [cluster('far', [{ ...at('down'), address: '240.0.0.1', port: 1 }], { connectTimeoutMs: 150 })],
    play: async (side) => {
      const { status, arrivals } = await side.send('/')
      return { status, arrivals }
    },
  }),
]
