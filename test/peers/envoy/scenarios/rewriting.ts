// SEMANTICS 3.10: what path and host go upstream.
import { type Scenario, scenario } from '../harness/scenario.ts'
import { edit, exact, prefix, regex, replaceAll, replacePrefix, separated, to } from '../harness/words.ts'
import { forward, route } from '../../../kit/config.ts'

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
