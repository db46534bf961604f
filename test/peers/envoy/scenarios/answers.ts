// SEMANTICS 3.8, 3.9 and 14: redirects, direct responses and what the mesh answers itself.
import { alike, counted } from '../harness/distribution.ts'
import { type Ask, type Scenario, scenario } from '../harness/scenario.ts'
import { direct, edit, exact, prefix, redirect, regex, retries, separated, to } from '../harness/words.ts'
import { cluster, host } from '../../../kit/config.ts'

const grpc: Ask = { method: 'POST', headers: ['content-type', 'application/grpc', 'te', 'trailers'] }

function redirected(says: string, action: Parameters<typeof redirect>[0], ...asks: (string | Ask)[]): Scenario {
  return scenario(`3.8: ${says}`, { hosts: [host(['*'], [redirect(action)])], asks })
}

export const answers: readonly Scenario[] = [
  redirected('C052: a path keeps the query', { path: '/new' }, '/old?k=1', '/old'),
  redirected('C052: a path that brings a query', { path: '/new?z=1' }, '/old?k=1', '/old'),
  redirected('without the query', { path: '/new?z=1', stripQuery: true }, '/old?k=1', '/old'),
  redirected('without the query, to the same path', { authority: 'n', stripQuery: true }, '/old?k=1', '/old'),
  redirected(
    'C054: https drops port 80 only',
    { scheme: 'https' },
    { host: 't.local:80' },
    { host: 't.local' },
    { host: 't.local:26080' },
    { host: 't.local:443' },
  ),
  redirected('http from http keeps the port', { scheme: 'http' }, { host: 't.local:80' }, { host: 't.local:443' }),
  redirected(
    'C055: from the request port',
    { port: 'fromRequestPort' },
    { host: 't.local' },
    { host: 't.local:9080', port: 9080 },
    { host: 't.local:1', port: 8080 },
  ),
  redirected('a port', { port: 8443 }, { host: 't.local' }, { host: 't.local:81', path: '/x?y' }),
  redirected('port 80', { port: 80 }, { host: 't.local' }, { host: 't.local:81' }),
  redirected('port 443 with https', { port: 443, scheme: 'https' }, { host: 't.local' }),
  redirected('an authority drops the port', { authority: 'new.local' }, { host: 't.local:26080' }, { host: 't.local' }),
  redirected('an authority with a port', { authority: 'new.local:81' }, { host: 't.local:26080' }),
  redirected('an authority and a port', { authority: 'new.local', port: 82 }, { host: 't.local:26080' }),
  redirected(
    'all of it',
    { scheme: 'https', authority: 'n', port: 1, path: '/p', status: 308 },
    { host: 't', path: '/x?y=1' },
  ),
  ...([301, 302, 303, 307, 308] as const).map((status) =>
    redirected(`status ${status}`, { status, path: '/x' }, '/', { method: 'POST', body: 'b' }),
  ),
  redirected(
    'response operations',
    { path: '/x', responseHeaders: edit({ set: ['x-d', 'd'], add: ['set-cookie', 'a=1'] }) },
    '/',
  ),
  redirected('gRPC', { path: '/x' }, grpc),
  redirected('an IPv6 host', { port: 81 }, { host: '[::1]:80' }, { host: '[::1]' }),
  redirected('odd queries', { path: '/n' }, '/?', '/?a?b', '/?a#'.slice(0, 3)),
  scenario('14: calls that a cluster drops', {
    routes: [to('all', {}, prefix('/all')), to('none', {}, prefix('/none')), to('a')],
    clusters: (at) => [
      cluster('all', [at('a')], { drops: [{ category: 'throttle', percent: { numerator: 1_000_000 } }] }),
      cluster('none', [at('a')], { drops: [{ category: 'throttle', percent: { numerator: 0 } }] }),
    ],
    asks: ['/all', '/none', { ...grpc, path: '/all' }],
  }),
  scenario('14: a share of calls that a cluster drops', {
    routes: [to('some')],
    clusters: (at) => [cluster('some', [at('a')], { drops: [{ category: 'lb', percent: { numerator: 300_000 } }] })],
    play: (side) => counted(side, 400),
    compare: alike,
  }),
  scenario('14: what a dropped call is told', {
    routes: [to('most', retries(['5xx'], { numRetries: 3 }))],
    clusters: (at) => [cluster('most', [at('a')], { drops: [{ category: 'lb', percent: { numerator: 999_999 } }] })],
    asks: ['/', grpc],
  }),
  scenario('3.8: prefix rewrites of redirects', {
    routes: [
      redirect({ prefix: '/new' }, prefix('/old')),
      redirect({ prefix: '/e' }, exact('/exact')),
      redirect({ prefix: '/r' }, regex('/r[0-9]+')),
      redirect({ prefix: '/s' }, separated('/sep')),
      redirect({ prefix: '/' }, prefix('/slash')),
    ],
    asks: ['/old/1?q=1', '/oldx', '/exact?q', '/r12?q', '/sep/1', '/sep', '/slash/1', '/slash'],
  }),
  scenario('3.9 C057: a direct response', {
    routes: [direct(418, { body: 'tea', responseHeaders: edit({ set: ['x-d', 'd'] }) })],
    asks: ['/', { method: 'HEAD' }, { method: 'POST', body: 'x' }, grpc],
  }),
  scenario('3.9: without a body', {
    routes: [direct(204, {}, prefix('/204')), direct(200)],
    asks: ['/204', '/', grpc],
  }),
  scenario('3.9: a body of bytes, and a type of its own', {
    routes: [
      direct(200, { body: new Uint8Array([104, 105]) }, prefix('/bytes')),
      direct(
        200,
        { body: '{}', responseHeaders: edit({ set: ['content-type', 'application/json'] }) },
        prefix('/json'),
      ),
      direct(503, { body: 'ünïcode' }),
    ],
    asks: ['/bytes', '/json', '/', grpc],
  }),
  ...[200, 201, 299, 300, 399, 400, 401, 403, 404, 429, 499, 500, 502, 503, 504, 599].map((status) =>
    scenario(`14: a direct ${status} in gRPC`, { routes: [direct(status, { body: 'b%c\n' })], asks: [grpc, '/'] }),
  ),
  scenario('14: local replies of all kinds, plain, HEAD and gRPC', {
    hosts: [
      host(['nr.test'], [to('a', {}, prefix('/never'))]),
      host(['nc.test'], [to('nowhere')]),
      host(['uh.test'], [to('empty')]),
      host(['uf.test'], [to('down')]),
      host(['uc.test'], [to('a')]),
    ],
    clusters: () => [cluster('empty', [])],
    answers: [{ instead: 'close' }, { instead: 'close' }],
    asks: ['nr.test', 'nc.test', 'uh.test', 'uf.test', 'uc.test'].flatMap((name) => [
      { host: name },
      { host: name, method: 'HEAD' },
      { ...grpc, host: name },
      { ...grpc, host: name, headers: ['content-type', 'application/grpc+proto'] },
      { host: name, headers: ['content-type', 'application/grpc-web'] },
    ]),
  }),
]
