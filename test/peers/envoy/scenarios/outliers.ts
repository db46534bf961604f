// SEMANTICS 7: who is ejected, how many may be, and who comes back. Two hosts by hash keep the aim steady.
import type { OutlierDetection } from '@proxyless/core/spi'
import { until } from '../../../kit/until.ts'
import type { Answer } from '../../../kit/backend.ts'
import { cluster } from '../../../kit/config.ts'
import { counted } from '../harness/distribution.ts'
import { type Ask, type Scenario, scenario } from '../harness/scenario.ts'
import type { Side } from '../harness/side.ts'
import { detection, to } from '../harness/words.ts'

/** One host that is answered for by `answers` until it is ejected: what each of `count` calls comes to. */
function ejecting(
  says: string,
  more: Partial<OutlierDetection>,
  answers: readonly Answer[],
  hosts: readonly string[] = ['a'],
  count = answers.length + 2,
  ask: Ask = {},
): Scenario {
  return scenario(`7: ${says}`, {
    routes: [to('od')],
    clusters: (at) => [
      cluster(
        'od',
        hosts.map((name) => at(name)),
        { outlierDetection: { ...detection, ...more } },
      ),
    ],
    play: async (side) => {
      const outcomes = []
      for (let n = 0; n < count; n++) outcomes.push(await side.send({ ...ask, answers: [answers[n] ?? {}] }))
      return outcomes.map(({ status, flags, body }) => [status, flags, status === 503 ? body : ''])
    },
  })
}

const s = (status: number): Answer => ({ status })
const times = (count: number, answer: Answer): Answer[] => Array.from({ length: count }, () => answer)
const close: Answer = { instead: 'close' }
const grpc = (status: number): Answer => ({
  headers: ['content-type', 'application/grpc', 'grpc-status', String(status)],
})
const asGrpc: Ask = { method: 'POST', headers: ['content-type', 'application/grpc'] }
const gateway = { consecutive5xx: 0, consecutiveGatewayFailure: 3 }
const split = { splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailure: 3 }

async function answered(side: Side): Promise<boolean> {
  return (await side.send('/')).status === 200
}

export const outliers: readonly Scenario[] = [
  ejecting('C102: five errors in a row', {}, times(5, s(500))),
  ejecting('four are not enough', {}, times(4, s(500))),
  ejecting('a success begins the count again', {}, [...times(4, s(500)), s(200), ...times(4, s(500))]),
  ejecting('a 4xx is a success', {}, [...times(4, s(500)), s(404), ...times(4, s(500))]),
  ejecting('closed connections count', {}, times(5, close)),
  ejecting('errors of all kinds count together', {}, [s(500), close, s(503), s(599), s(501)]),
  ejecting('none are counted at 0', { consecutive5xx: 0 }, times(7, s(500))),
  ejecting('gateway errors', gateway, times(3, s(502))),
  ejecting('a 500 begins the gateway count again', gateway, [s(502), s(503), s(500), s(504), s(502)]),
  ejecting('closed connections are gateway errors', gateway, times(3, close)),
  ejecting('C106: local errors have a count of their own', split, times(3, close)),
  ejecting('local errors do not add to the others', split, [...times(4, s(500)), close, close, s(500)]),
  ejecting('answers end the local count', split, [close, close, s(500), close, close]),
  ejecting('gRPC statuses stand for codes', { consecutive5xx: 3 }, [grpc(14), grpc(13), grpc(2)], ['a'], 5, asGrpc),
  ejecting('gRPC statuses of plain calls do not', { consecutive5xx: 3 }, [grpc(14), grpc(13), grpc(2)]),
  ejecting(
    'gRPC statuses of the caller’s fault',
    { consecutive5xx: 3 },
    [grpc(14), grpc(13), grpc(5), grpc(14)],
    ['a'],
    6,
    asGrpc,
  ),
  ejecting(
    'a cap below one host ejects nobody',
    { consecutive5xx: 2, maxEjectionPercent: 0.1 },
    times(9, s(500)),
    ['a', 'b', 'c'],
    9,
  ),
  ejecting('a cap of half', { consecutive5xx: 2, maxEjectionPercent: 0.5 }, times(12, s(500)), ['a', 'b'], 12),
  scenario('7 C104: all are gone', {
    routes: [to('od')],
    clusters: (at) => [cluster('od', [at('a'), at('b')], { outlierDetection: { ...detection, consecutive5xx: 1 } })],
    answers: [s(500)],
    play: async (side) =>
      (await side.sendAll(Array.from({ length: 4 }, () => '/'))).map(({ status, flags, body }) => [
        status,
        flags,
        body,
      ]),
  }),
  scenario('7: refused connections eject', {
    routes: [to('od')],
    clusters: (at) => [cluster('od', [at('down')], { outlierDetection: { ...detection, consecutive5xx: 2 } })],
    asks: ['/', '/', '/'],
  }),
  scenario('7 C107: timeouts eject', {
    routes: [to('od', { timeoutMs: 60 })],
    clusters: (at) => [cluster('od', [at('a')], { outlierDetection: { ...detection, consecutive5xx: 2 } })],
    answers: [{ instead: 'hang' }],
    asks: ['/', '/', '/'],
  }),
  scenario('7.4: an ejected host comes back', {
    routes: [to('od')],
    clusters: (at) => [
      cluster('od', [at('a')], {
        outlierDetection: { ...detection, consecutive5xx: 1, intervalMs: 100, baseEjectionTimeMs: 300 },
      }),
    ],
    play: async (side) => {
      const first = await side.send({ answers: [s(500)] })
      const ejected = await side.send('/')
      await until(() => answered(side), 5_000)
      return [first.status, ejected.status, ejected.flags]
    },
  }),
  scenario('7.4: ejected hosts leave their share to others', {
    routes: [to('od')],
    clusters: (at) => [cluster('od', [at('a'), at('b')], { outlierDetection: { ...detection, consecutive5xx: 1 } })],
    answers: ({ backend }) => (backend === 'a' ? s(500) : {}),
    play: async (side) => {
      const outcomes = await side.sendAll(Array.from({ length: 6 }, () => '/'))
      return outcomes.filter(({ status }) => status === 500).length
    },
  }),
  scenario('7, 6.3: panic uses the ejected', {
    routes: [to('od')],
    clusters: (at) => [
      cluster('od', [at('a')], { panicThreshold: 0.5, outlierDetection: { ...detection, consecutive5xx: 1 } }),
    ],
    answers: [s(500)],
    asks: ['/', '/'],
  }),
  ejecting('codes of its own are errors', { consecutive5xx: 3, errorStatusCodes: [404, 429] }, [
    s(404),
    s(429),
    s(404),
  ]),
  ejecting('and no others', { consecutive5xx: 3, errorStatusCodes: [404, 429] }, [s(500), s(503), s(500), s(500)]),
  ejecting(
    'one host may always go',
    { consecutive5xx: 2, maxEjectionPercent: 0, alwaysEjectOneHost: true },
    times(2, s(500)),
  ),
  leaving('7: a share of failures', { failurePercentage: { requestVolume: 5, threshold: 0.5, enforcing: 1 } }),
  leaving('7: a success rate far below the others', { successRate: { requestVolume: 5, stdevFactor: 1 } }),
]

/** Five hosts, one of which fails every second time: it is left out after a while. */
function leaving(says: string, more: Partial<OutlierDetection>): Scenario {
  let failures = 0
  return scenario(says, {
    routes: [to('od')],
    clusters: (at) => [
      cluster(
        'od',
        ['a', 'b', 'c', 'd', 'e'].map((name) => at(name)),
        { outlierDetection: { ...detection, consecutive5xx: 0, intervalMs: 400, ...more } },
      ),
    ],
    answers: ({ backend }) => s(backend === 'e' && failures++ % 3 !== 0 ? 500 : 200),
    play: async (side) => {
      await until(async () => {
        const counts = await counted(side, 80)
        return counts['e'] === undefined
      }, 10_000)
      return 'left out'
    },
  })
}
