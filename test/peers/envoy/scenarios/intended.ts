// What is meant to differ (DIFFERENCES.md), or is as the transport has it: asserted of both sides, so that it stays known.
import type { Outcome } from '../harness/outcome.ts'
import { type Given, type Scenario, scenario } from '../harness/scenario.ts'
import { cluster } from '../../../kit/config.ts'
import { redirect, replaceAll, to } from '../harness/words.ts'

/** Status, flags, and where the request went, as text. */
type Seen = readonly string[]

function differs(says: string, given: Given, ours: Seen, envoys: Seen, see = statusAndFlags): Scenario {
  return scenario(`meant: ${says}`, {
    ...given,
    play: async (side) => (await side.sendAll(given.asks ?? ['/'])).map(see),
    compare: (one, other) => [
      ...(JSON.stringify(one) === JSON.stringify(ours) ? [] : [`ours has become ${JSON.stringify(one)}`]),
      ...(JSON.stringify(other) === JSON.stringify(envoys) ? [] : [`Envoy has become ${JSON.stringify(other)}`]),
    ],
  })
}

function statusAndFlags({ status, flags }: Outcome): string {
  return `${status} ${flags}`
}

function statusAndPath({ status, arrivals }: Outcome): string {
  return `${status} ${arrivals[0]?.path ?? ''}`
}

const raw = (bytes: string, close = false): Given => ({
  routes: [to('raw')],
  servers: { raw: { answer: () => ({ bytes, close }) } },
  clusters: (at) => [cluster('raw', [at('raw')])],
})

export const intended: readonly Scenario[] = [
  differs(
    'a fragment never reaches the wire; Envoy refuses it',
    { routes: [to('a')], asks: ['/a#f', '/a?b#c'] },
    ['200 /a', '200 /a?b'],
    ['400 ', '400 '],
    statusAndPath,
  ),
  differs(
    'a rewritten path that is none is refused; Envoy sends it, and the server refuses it',
    { routes: [to('a', replaceAll('^/', 'x'))] },
    ['400 -'],
    ['400 -'],
  ),
  differs('the same where no server is', { routes: [to('down', replaceAll('^/', 'x'))] }, ['400 -'], ['503 UF']),
  differs(
    'degraded hosts serve where a ring has no healthy ones',
    {
      routes: [to('ring', { hashPolicies: [{ kind: 'header', name: 'x' }] })],
      clusters: (at) => [
        cluster('ring', [at('a', { health: 'degraded' })], { loadBalancer: { kind: 'ringHash', minimumRingSize: 64 } }),
      ],
    },
    ['200 -'],
    ['503 UH'],
  ),
  differs(
    'a 100 that nobody asked for is no protocol of undici’s',
    raw('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'),
    ['502 UPE'],
    ['200 -'],
  ),
  differs(
    'undici takes a length in a 304 for that of its body',
    raw('HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n'),
    ['304 UPE'],
    ['304 -'],
  ),
  differs(
    'undici leaves spaces at the end of a header',
    raw('HTTP/1.1 200 OK\r\nx: a  \r\ncontent-length: 0\r\n\r\n'),
    ['a  '],
    ['a'],
    ({ headers }) => headers['x']?.join() ?? '',
  ),
  differs(
    'undici joins lines of one header in HTTP/2',
    {
      routes: [to('two')],
      servers: { h2: 'http2' },
      clusters: (at) => [cluster('two', [at('h2')], { protocol: 'http2' })],
      asks: [{ headers: ['x', '1', 'x', '2'] }],
    },
    ['["1, 2"]'],
    ['["1","2"]'],
    ({ arrivals }) => JSON.stringify(arrivals[0]?.headers['x']),
  ),
  differs(
    'undici takes a GOAWAY for the end of what is under way',
    {
      routes: [to('two')],
      servers: { h2: 'http2' },
      clusters: (at) => [cluster('two', [at('h2')], { protocol: 'http2' })],
      answers: [{ instead: 'close' }],
    },
    ['503 UC'],
    ['503 UR'],
  ),
  differs(
    'a redirect to the scheme’s own port leaves the port out; istiod leaves it to Envoy, which keeps it',
    { routes: [redirect({ port: 'schemeDefault' })], asks: [{ host: 'svc.test:8080' }] },
    ['http://svc.test/'],
    ['http://svc.test:8080/'],
    ({ headers }) => headers['location']?.join() ?? '',
  ),
]
