// SEMANTICS 3.1 to 3.5: which route a request takes. Each route goes to a backend of its own; the last one to `f`.
import { alike, counted } from '../harness/distribution.ts'
import { type Ask, type Scenario, scenario } from '../harness/scenario.ts'
import { direct, exact, prefix, regex, separated, to, withHeader, withQuery } from '../harness/words.ts'
import { host } from '../../../kit/config.ts'

/** The first route is conditional, all else goes to `f`. */
function either(match: Parameters<typeof to>[2], ...asks: (string | Ask)[]): Pick<Scenario, 'routes' | 'asks'> {
  return { routes: [to('a', {}, match), to('f')], asks }
}

function lines(...headers: string[]): Ask {
  return { headers }
}

export const matching: readonly Scenario[] = [
  scenario(
    '3.2 C030: a prefix is plain text',
    either(prefix('/reviews'), '/reviewsX', '/reviews', '/reviews/1', '/Reviews', '/r'),
  ),
  scenario('3.2 C031: an earlier prefix shadows a longer one', {
    routes: [to('a', {}, prefix('/od10')), to('b', {}, prefix('/od100')), to('f')],
    asks: ['/od100', '/od10', '/od1'],
  }),
  scenario(
    '3.2 C032: a regex matches the whole path',
    either(regex('/full'), '/full', '/full/', '/full?x=1', '/xfull'),
  ),
  scenario('3.2 C033: a regex may fold case', either(regex('(?i)/Foo.*'), '/foobar', '/FOO', '/fo')),
  scenario(
    '3.2: exact compares the path without its query',
    either(exact('/exact'), '/exact', '/exact?a=1', '/exact/', '/Exact'),
  ),
  scenario('3.2: exact without case', either(exact('/Exact', true), '/exact', '/EXACT', '/exacts')),
  scenario('3.2: prefix without case', either(prefix('/CI', true), '/ci', '/Ci/x', '/c')),
  scenario(
    '3.2: a separated prefix ends at a slash',
    either(separated('/psp'), '/psp', '/psp/', '/psp/a', '/pspa', '/psp?q', '/PSP'),
  ),
  scenario('3.2: a separated prefix without case', either(separated('/Psp', true), '/psp/a', '/PSP', '/pspx')),
  scenario(
    '3.2: regex with classes, anchors and alternatives',
    either(regex('^/(a|b)/[[:digit:]]+$'), '/a/12', '/b/1', '/c/1', '/a/1x'),
  ),
  scenario(
    '3.2: regex with unicode escapes stays with the raw path',
    either(regex('/%[0-9A-F]{2}.*'), '/%E4x', '/%e4x', '/x'),
  ),
  scenario('3.2 C046: the first match wins, however wide', {
    routes: [to('a'), to('b', {}, prefix('/x'))],
    asks: ['/x'],
  }),
  scenario('3.2: a route for none of the requests, and one for all', {
    routes: [to('a', {}, { share: { numerator: 0 } }), to('b', {}, { share: { numerator: 1_000_000 } }), to('f')],
    asks: ['/', '/'],
  }),
  scenario('3.2: a route for a share of requests', {
    routes: [to('a', {}, { share: { numerator: 300_000 } }), to('f')],
    play: (side) => counted(side, 400),
    compare: alike,
  }),
  scenario('3.2: a request fares alike in all routes for a share', {
    routes: [
      to('a', {}, { share: { numerator: 300_000 } }),
      to('b', {}, { share: { numerator: 300_000 } }),
      to('c', {}, { share: { numerator: 600_000 } }),
      to('f'),
    ],
    play: (side) => counted(side, 400),
    compare: alike,
  }),
  scenario('3.2 C029: no route is a 404', { routes: [to('a', {}, prefix('/a'))], asks: ['/other', '/a'] }),
  scenario(
    '3.3: the method, case-sensitive',
    either(withHeader(':method', 'exact', 'POST'), { method: 'POST' }, { method: 'GET' }, { method: 'PUT' }),
  ),
  scenario('3.3 C037: the authority with its port', {
    hosts: [host(['t.local'], [to('a', {}, withHeader(':authority', 'exact', 't.local:8080')), to('f')])],
    asks: [{ host: 't.local:8080' }, { host: 't.local' }, { host: 'T.Local:8080' }, { host: 't.local:80' }],
  }),
  scenario('3.3: the scheme', either(withHeader(':scheme', 'exact', 'http'), '/')),
  scenario(
    '3.4 C001 C002: a header’s value, case-sensitive',
    either(withHeader('end-user', 'exact', 'jason'), lines('End-User', 'jason'), lines('end-user', 'Jason'), '/'),
  ),
  scenario(
    '3.4: header prefix',
    either(withHeader('x', 'prefix', 'ab'), lines('x', 'abc'), lines('x', 'ab'), lines('x', 'b'), '/'),
  ),
  scenario('3.4: header suffix', either(withHeader('x', 'suffix', 'bc'), lines('x', 'abc'), lines('x', 'bcd'), '/')),
  scenario('3.4: header contains', either(withHeader('x', 'contains', 'b'), lines('x', 'abc'), lines('x', 'c'), '/')),
  scenario(
    '3.4: header regex is a full match',
    either(withHeader('x', 'regex', 'a+'), lines('x', 'aaa'), lines('x', 'aab'), '/'),
  ),
  scenario(
    '3.4 C039: presence, even if empty',
    either(withHeader('x', 'present'), lines('x', ''), lines('x', '1'), '/'),
  ),
  scenario(
    '3.4 C040: exact empty needs the header',
    either(withHeader('x', 'exact', ''), lines('x', ''), lines('x', '1'), '/'),
  ),
  scenario(
    '3.4: several lines are tested one by one',
    either(withHeader('x', 'exact', 'b'), lines('x', 'a', 'x', 'b'), lines('x', 'a,b'), lines('x', 'b')),
  ),
  scenario(
    '3.4: an inverted match fails if any line matches',
    either(withHeader('x', 'exact', 'b', true), lines('x', 'a', 'x', 'b'), lines('x', 'a'), '/'),
  ),
  scenario('3.4: without a header', either(withHeader('x', 'present', '', true), '/', lines('x', ''), lines('x', '1'))),
  scenario(
    '3.4: not a value: an absent header passes',
    either(withHeader('x', 'exact', 'foo', true), '/', lines('x', 'foo'), lines('x', 'bar')),
  ),
  scenario(
    '3.4: not any value: an absent header fails, being empty',
    either(withHeader('x', 'regex', '.*', true), '/', lines('x', 'foo')),
  ),
  scenario(
    '3.4: not a prefix',
    either(withHeader('x', 'prefix', 'fo', true), '/', lines('x', 'foo'), lines('x', 'bar')),
  ),
  scenario('3.4: all conditions of a match hold', {
    routes: [
      to('a', {}, { ...prefix('/p'), ...withHeader('x', 'exact', '1'), ...withQuery('q', 'exact', '2') }),
      to('f'),
    ],
    asks: [
      { path: '/p?q=2', headers: ['x', '1'] },
      { path: '/p?q=2' },
      { path: '/p', headers: ['x', '1'] },
      { path: '/?q=2', headers: ['x', '1'] },
    ],
  }),
  scenario(
    '3.4: the path as a header carries the query',
    either(withHeader(':path', 'exact', '/x?y=1'), '/x?y=1', '/x'),
  ),
  scenario(
    '3.5 C043: query values are raw',
    either(withQuery('q', 'exact', 'a%20b'), '/?q=a%20b', '/?q=a+b', '/?q=a%20b&q=c'),
  ),
  scenario('3.5: query keys are raw', either(withQuery('d', 'exact', '1'), '/?d=1', '/?%64=1', '/?D=1')),
  scenario('3.5: only the first of a name counts', either(withQuery('q', 'exact', '2'), '/?q=1&q=2', '/?q=2&q=1')),
  scenario(
    '3.5 C045: a missing parameter never matches',
    either(withQuery('r', 'regex', '.*'), '/', '/?r', '/?r=', '/?r=1', '/?x=1'),
  ),
  scenario('3.5: an empty value is exact empty', either(withQuery('k', 'exact', ''), '/?k', '/?k=', '/?k=1', '/')),
  scenario('3.5: presence', either(withQuery('k', 'present'), '/?k', '/?a&k=1', '/?kk', '/')),
  scenario(
    '3.5: odd separators',
    either(withQuery('q', 'exact', '1'), '/?&&q=1', '/?a=b;q=1', '/?q==1', '/?=1&q=1', '/?x?q=1'),
  ),
  scenario('3.5: prefix and contains of a parameter', {
    routes: [to('a', {}, withQuery('q', 'prefix', 'ab')), to('b', {}, withQuery('q', 'contains', 'x')), to('f')],
    asks: ['/?q=abc', '/?q=1x1', '/?q=zzz'],
  }),
  scenario('2.3 C138: hosts: exact, longest suffix, longest prefix, any', {
    hosts: [
      host(['*.foo.com'], [to('a')]),
      host(['*-x.foo.com'], [to('b')]),
      host(['*.bar.foo.com'], [to('c')]),
      host(['foo.*'], [to('d')]),
      host(['foo.com'], [to('e')]),
      host(['*'], [to('f')]),
    ],
    asks: [
      'b-x.foo.com',
      'a.bar.foo.com',
      'foo.foo.com',
      'foo.org',
      'bar.foo.com',
      'foo.com',
      'FOO.com',
      'foo.com:81',
      'other',
      '.foo.com',
      'foo.',
    ].map((name) => ({ host: name })),
  }),
  scenario('2.3: no fallback to another host', {
    hosts: [host(['x.test'], [to('a', {}, prefix('/a'))]), host(['*'], [direct(418)])],
    asks: [{ host: 'x.test', path: '/b' }, { host: 'y.test' }],
  }),
  scenario('2.6 C022: unknown hosts where they are blocked', {
    routes: [to('a')],
    config: { unknownHosts: { kind: 'block', origin: { resource: '', path: '' } } },
    asks: [{ host: 'unknown.test' }, '/'],
  }),
  scenario('2.6: unknown hosts sent to a cluster', {
    routes: [to('a')],
    config: { unknownHosts: { kind: 'cluster', cluster: 'b', origin: { resource: '', path: '' } } },
    asks: [{ host: 'unknown.test', path: '/as/it?is' }],
  }),
]
