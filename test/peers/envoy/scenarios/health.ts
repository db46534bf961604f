// SEMANTICS 9: endpoints that are asked how they are.
import type { Cluster } from '@proxyless/core/spi'
import { cluster } from '../../../kit/config.ts'
import { until } from '../../../kit/until.ts'
import type { RawServer } from '../harness/raw-server.ts'
import { type Scenario, scenario } from '../harness/scenario.ts'
import { to } from '../harness/words.ts'

type HealthCheck = NonNullable<Cluster['healthCheck']>

const timing = {
  timeoutMs: 1_000,
  intervalMs: 100,
  unhealthyThreshold: 2,
  healthyThreshold: 2,
  noTrafficIntervalMs: 100,
}
const http: HealthCheck = { kind: 'http', path: '/health', ...timing }

/** Well at everything but its check. */
function checked(status: number, headers = ''): RawServer {
  return {
    answer: (_, url) => ({
      bytes: `HTTP/1.1 ${url === '/health' ? status : 200} X\r\n${url === '/health' ? headers : ''}content-length: 0\r\n\r\n`,
    }),
  }
}

/** Beside one that is well: what the last calls come to once `steady` of them are alike. */
function beside(says: string, server: RawServer, healthCheck: HealthCheck, expected: 'both' | 'one'): Scenario {
  return scenario(`9: ${says}`, {
    routes: [to('pair')],
    servers: { well: checked(200), other: server },
    clusters: (at) => [cluster('pair', [at('well'), at('other')], { healthCheck })],
    play: async (side) => {
      await until(async () => {
        const outcomes = await side.sendAll(Array.from({ length: 10 }, () => '/'))
        const hosts = new Set(outcomes.map(({ arrivals }) => arrivals[0]?.backend))
        return hosts.size === (expected === 'both' ? 2 : 1)
      }, 10_000)
      return expected
    },
  })
}

export const health: readonly Scenario[] = [
  beside('two that are well', checked(200), http, 'both'),
  beside('a status that is not expected', checked(503), http, 'one'),
  beside('a status that is', checked(299), { ...http, expectedStatuses: [{ from: 200, to: 300 }] }, 'both'),
  beside('a server that hangs up', { answer: () => ({ bytes: '', close: true }) }, http, 'one'),
  beside('a connection is enough', checked(503), { kind: 'tcp', ...timing }, 'both'),
  scenario('9: nobody is well', {
    routes: [to('sick')],
    servers: { sick: checked(503) },
    clusters: (at) => [cluster('sick', [at('sick')], { healthCheck: http })],
    play: async (side) => {
      await until(async () => (await side.send('/')).flags === 'UH', 10_000)
      return side.send('/')
    },
  }),
]
