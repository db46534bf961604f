// SEMANTICS 3.10: what path and host go upstream.
import { type Scenario, scenario } from '../harness/scenario.ts'
import { edit, exact, prefix, regex, replaceAll, replacePrefix, retries, separated, to } from '../harness/words.ts'
import { cluster, forward, route } from '../../../kit/config.ts'

export const rewriting: readonly Scenario[] = [
  scenario('C047: a prefix is replaced literally', {
    routes: [to('a', replacePrefix('/'), prefix('/reviews'))],
    asks: ['/reviews/1', '/reviewsz', '/reviews?x=1', '/reviews'],
  }),
  scenario('3.10: a prefix that ends in a slash', {
    routes: [to('a', replacePrefix('/'), prefix('/reviews/')), to('b')],
    asks: ['/reviews/1', '/reviews/', '/reviews'],
  }),
  scenario('C048: exact and regex matches replace the whole path', {
    routes: [to('a', replacePrefix('/E'), exact('/exact')), to('b', replacePrefix('/RX'), regex('/rx.*'))],
    asks: ['/exact?q=1', '/rx1/2?q=1', '/rx'],
  }),
  scenario('C049: without a match the prefix / is replaced', {
    routes: [to('a', replacePrefix('/v1'))],
    asks: ['/foo', '/', '/?q'],
  }),
  scenario('3.10: / to /v1/', { routes: [to('a', replacePrefix('/v1/'))], asks: ['/foo', '/'] }),
  scenario('C051: a prefix without case is replaced by its length', {
    routes: [to('a', replacePrefix('/low'), prefix('/CI', true))],
    asks: ['/ci/Foo', '/CIx'],
  }),
  scenario('3.10: an exact path without case', {
    routes: [to('a', replacePrefix('/low'), exact('/CI', true))],
    asks: ['/ci'],
  }),
  scenario('3.10: a separated prefix leaves its slash', {
    routes: [to('a', replacePrefix('/'), separated('/psp'))],
    asks: ['/psp/a', '/psp', '/psp/', '/psp?x'],
  }),
  scenario('3.10: a separated prefix by another', {
    routes: [to('a', replacePrefix('/other'), separated('/psp'))],
    asks: ['/psp/a', '/psp', '/psp//b'],
  }),
  scenario('3.10: every match of a regex, groups, missing groups', {
    routes: [
      to('a', replaceAll('/v([0-9]+)', '/version-\\1'), prefix('/v')),
      to('b', replaceAll('a(x)?', '[\\0\\1]'), prefix('/groups')),
      to('c', replaceAll('^/service/([^/]+)(/.*)$', '\\2/instance/\\1'), prefix('/service')),
    ],
    asks: ['/v1/v22/v', '/groups/a/ax/aa', '/service/foo/v1/api?x=/service/y/z', '/v/x?v=/v1'],
  }),
  scenario('3.10: a regex that matches nothing, and one that leaves nothing', {
    routes: [to('a', replaceAll('zzz', 'y'), prefix('/a')), to('b', replaceAll('^/b.*', ''))],
    asks: ['/abc', '/bc?q'],
  }),
  scenario('3.10: a dollar and a backslash are themselves', {
    routes: [to('a', replaceAll('/d', '/$1'), prefix('/d')), to('b', replaceAll('/s', '/\\\\1'), prefix('/s'))],
    asks: ['/d/x', '/s/x'],
  }),
  scenario('3.10: the host', {
    routes: [to('a', { hostRewrite: 'other.example:81' })],
    asks: ['/', { host: 'svc.test:80' }],
  }),
  scenario('3.10: the host by a header', {
    routes: [
      to(
        'a',
        { hostRewrite: { kind: 'header', name: 'x-host' }, requestHeaders: edit({ set: ['x-set', '1'] }) },
        prefix('/h'),
      ),
      to('b', {
        hostRewrite: { kind: 'header', name: 'x-host' },
        requestHeaders: edit({ set: ['x-host', 'set.example'] }),
      }),
    ],
    asks: [
      { path: '/h', headers: ['x-host', 'by.example:81'] },
      { path: '/h', headers: ['x-host', ''] },
      '/h',
      { headers: ['x-host', 'by.example'] },
      '/',
    ],
  }),
  scenario('3.10: the host by the path as it came, whatever the path becomes', {
    routes: [
      to('a', {
        hostRewrite: { kind: 'path', pattern: '^/([^/]+)/.*$', substitution: '\\1.example' },
        ...replaceAll('^/[^/]+', '/x'),
      }),
    ],
    asks: ['/one/two?q=/three/', '/ONE/'],
  }),
  scenario('3.10: the host of the endpoint, of each attempt its own', {
    routes: [to('pair', { hostRewrite: { kind: 'endpoint' }, ...retries(['5xx'], { numRetries: 1 }) }), to('a')],
    clusters: (at) => [cluster('pair', [at('a', { hostname: 'one.example' }), at('b', { hostname: 'two.example' })])],
    answers: [{ status: 503 }, { status: 200 }],
    play: async (side) => {
      const { arrivals } = await side.send({})
      return arrivals.map(({ backend, headers }) => `${backend} ${headers['host']?.join() ?? ''}`).toSorted()
    },
  }),
  scenario('3.10: the host of an endpoint that has no name', {
    routes: [to('a', { hostRewrite: { kind: 'endpoint' } })],
  }),
  scenario('3.10: the destination’s host stays where the route has none to put in its place', {
    routes: [
      route(
        forward('a', {
          hostRewrite: { kind: 'header', name: 'x-host' },
          clusters: [{ cluster: 'a', weight: 1, hostRewrite: 'h2' }],
        }),
      ),
    ],
    asks: ['/', { headers: ['x-host', 'h1'] }],
  }),
  scenario('C062: the route’s host beats the destination’s', {
    routes: [
      route(
        forward('a', {
          hostRewrite: 'h1',
          clusters: [
            { cluster: 'a', weight: 1, hostRewrite: 'h2' },
            { cluster: 'b', weight: 0 },
          ],
        }),
      ),
    ],
  }),
  scenario('3.7: the destination’s host alone', {
    routes: [route(forward('a', { clusters: [{ cluster: 'a', weight: 1, hostRewrite: 'h2' }] }))],
  }),
  scenario('3.7: header formats see path and host as they came', {
    routes: [
      to(
        'a',
        {
          ...replacePrefix('/new'),
          hostRewrite: 'new.example',
          requestHeaders: edit({ set: ['x-path', '%REQ(:PATH)%', 'x-host', '%REQ(:AUTHORITY)%'] }),
          responseHeaders: edit({ set: ['x-path', '%REQ(:PATH)%', 'x-host', '%REQ(:AUTHORITY)%'] }),
        },
        prefix('/old'),
      ),
    ],
    asks: ['/old/1?q=1'],
  }),
]
