// The rows `route10` and `route1000`: nanoseconds until the route of a request is found, by where it stands in the table.
import { compileMatch, type RouteMatch, RouteTable } from '@proxyless/core/spi'
import { regexEngine } from 'proxyless/host'
import type { Bench } from '../harness/bench.ts'
import { nanosecondsOf } from '../harness/hot.ts'
import { tenRoutes } from '../world/reviews.ts'
import { type Matchable, mixedMatches, requestFor, requestTo } from '../world/route-mix.ts'

interface Expected {
  readonly request: Matchable
  /** Position of the route that it matches. */
  readonly position: number
}

type Requests = Readonly<Record<string, readonly Expected[]>>

const ten: Requests = {
  'prefix last': [to('/reviews/0', 9)],
  'prefix mid': [to('/reviews/admin', 5)],
  'regex last': [to('/api/v1/users/alice/orders/17', 6)],
  mix: [to('/reviews/0', 9), to('/healthz', 4), to('/reviews/admin', 5), to('/api/v1/users/alice/orders/17', 6)],
}

const thousand: Requests = {
  'prefix last': [at(996)],
  'prefix mid': [at(500)],
  'regex last': [at(998)],
  mix: Array.from({ length: 64 }, (_, i) => at((i * 317) % 1_000)),
}

export const routeBenches: readonly Bench[] = [
  benchOf(
    'route10',
    tenRoutes.map((route) => route.match),
    ten,
    300,
  ),
  benchOf('route1000', mixedMatches(1_000), thousand, 500),
]

function benchOf(name: string, matches: readonly RouteMatch[], cases: Requests, target: number): Bench {
  return {
    name,
    runs: 1,
    flags: [],
    measure() {
      const table = new RouteTable(
        matches.map((match, payload) => ({ match: compileMatch(match, regexEngine), payload })),
      )
      const samples = Object.entries(cases).map(([which, expected]) => {
        const time = nanosecondsOf((times) => findAll(table, expected, times), 10_000)
        return { name: `${name} ${which}`, unit: 'ns', ...time, target }
      })
      return Promise.resolve(samples)
    },
  }
}

function findAll(table: RouteTable<number>, expected: readonly Expected[], times: number): void {
  const count = expected.length
  for (let i = 0; i < times; i++) {
    const { request, position } = expected[i % count] as Expected
    if (table.find(request)?.payload !== position) throw new Error(`not route ${position}: ${request.path}`)
  }
}

function to(path: string, position: number): Expected {
  return { request: requestFor(path), position }
}

function at(position: number): Expected {
  return { request: requestTo(position), position }
}
