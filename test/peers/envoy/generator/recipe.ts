// One random case: a configuration and a few requests. A recipe is plain enough to be shrunk without memory of its making.
import fc from 'fast-check'
import type { Endpoint, MeshConfig, VirtualHost } from '@proxyless/core/spi'
import type { Answer } from '../../../kit/backend.ts'
import { cluster } from '../../../kit/config.ts'
import type { Ask, At, Given } from '../harness/scenario.ts'
import { detection } from '../harness/words.ts'
import { virtualHosts } from './routes.ts'
import { names, pathPieces, queryPieces, text } from './values.ts'

interface AskRecipe {
  readonly method: string
  readonly host: string
  readonly pieces: readonly string[]
  readonly query: readonly string[]
  readonly headers: readonly (readonly [string, string])[]
  readonly grpc: boolean
  readonly body: string
  readonly answers: readonly Answer[]
}

export interface Recipe {
  readonly virtualHosts: readonly VirtualHost[]
  readonly pathNormalization: MeshConfig['pathNormalization']
  readonly asks: readonly AskRecipe[]
}

const answer: fc.Arbitrary<Answer> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ status: fc.constantFrom(200, 201, 204, 301, 404, 409, 418, 500, 502, 503, 504) }),
  },
  { weight: 1, arbitrary: fc.record({ instead: fc.constantFrom('close' as const, 'reset' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      status: fc.constantFrom(200, 503),
      headers: fc.constantFrom(
        ['x', '1', 'x', '2'],
        ['grpc-status', '14'],
        ['grpc-status', '0'],
        ['x-envoy-ratelimited', '1'],
        ['set-cookie', 'a', 'set-cookie', 'b'],
        ['content-type', 'text/x'],
      ),
      body: fc.constantFrom('', 'body'),
    }),
  },
)

const ask: fc.Arbitrary<AskRecipe> = fc.record({
  method: fc.constantFrom('GET', 'GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'),
  host: fc.constantFrom(
    'svc.test',
    'svc.test:80',
    'SVC.test:8080',
    'a.svc.test',
    'b-x.test',
    'svc.org',
    'other',
    'x.test',
  ),
  pieces: fc.array(pathPieces, { maxLength: 4 }),
  query: fc.array(queryPieces, { maxLength: 3 }),
  headers: fc.array(fc.tuple(names, fc.oneof(text, fc.constant(''))), { maxLength: 4 }),
  grpc: fc.boolean(),
  body: fc.constantFrom('', '', 'body'),
  answers: fc.array(answer, { maxLength: 4 }),
})

export const recipe: fc.Arbitrary<Recipe> = fc.record({
  virtualHosts,
  pathNormalization: fc.constantFrom('base', 'base', 'base', 'none', 'mergeSlashes', 'decodeAndMergeSlashes'),
  asks: fc.array(ask, { minLength: 1, maxLength: 5 }),
})

const origin = { resource: 'generated', path: '' }

const ring = { kind: 'ringHash', minimumRingSize: 64 } as const

/** Half of the first priority is down, a third of the second. */
function tiers(at: At): Endpoint[] {
  return [
    at('a'),
    at('b', { health: 'unhealthy' }),
    at('c', { priority: 1 }),
    at('d', { priority: 1, health: 'degraded' }),
    at('e', { priority: 1, health: 'unhealthy' }),
  ]
}

export function givenOf({ virtualHosts: hosts, pathNormalization, asks }: Recipe): Given {
  return {
    hosts,
    config: { pathNormalization, unknownHosts: { kind: 'cluster', cluster: 'f', origin } },
    clusters: (at) => {
      const abc = ['a', 'b', 'c'].map((name) => at(name))
      return [
        cluster('empty', []),
        cluster('ring', abc, { loadBalancer: ring }),
        cluster('maglev', abc, { loadBalancer: { kind: 'maglev', tableSize: 101 } }),
        cluster('two', [at('e'), at('f', { health: 'unhealthy' })]),
        cluster('tiers', tiers(at), { loadBalancer: ring }),
        cluster('panic', tiers(at), { loadBalancer: { kind: 'maglev', tableSize: 101 }, panicThreshold: 0.7 }),
        cluster('od', abc, { loadBalancer: ring, outlierDetection: { ...detection, consecutive5xx: 2 } }),
      ]
    },
    asks: asks.map((each, n) => askOf(each, n % 3)),
  }
}

function askOf({ method, host, pieces, query, headers, grpc, body, answers }: AskRecipe, n: number): Ask {
  const path = pieces.join('')
  const bodied = method === 'POST' || method === 'PUT'
  return {
    method,
    host,
    path: (path.startsWith('/') ? path : `/${path}`) + (query.length === 0 ? '' : `?${query.join('&')}`),
    headers: [
      'host-key',
      String(n),
      ...headers.flat(),
      ...(grpc && bodied ? ['content-type', 'application/grpc'] : []),
    ],
    answers,
    ...(bodied && { body }),
  }
}
