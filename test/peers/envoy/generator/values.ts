// Small pools of values that collide often: what the generator builds configurations and requests from.
import fc from 'fast-check'
import type { StringMatch } from '@proxyless/core/spi'

export const text: fc.Arbitrary<string> = fc.constantFrom('a', 'b', 'ab', 'A', 'a,b', '1', 'a b')
export const names: fc.Arbitrary<string> = fc.constantFrom('x', 'y', 'end-user', 'x-long-name')
export const pathPieces: fc.Arbitrary<string> = fc.constantFrom(
  '/a', '/b', '/A', '/ab', '/a.js', '/', '//', '/..', '/.', '/%61', '/%2e%2e', '/%2F', '/a%2fb', '\\', '/;x', '/..;x', '/%zz', '/%C3%A4', '|', '"', '/a%20b', '%', '%5C', '*', ':80', '@', '+', '/%00',
) // prettier-ignore
export const queryPieces: fc.Arbitrary<string> = fc.constantFrom(
  'q=a',
  'q=b',
  'q',
  'q=',
  'k=1',
  'k',
  'a%20b=1',
  'q=a%20b',
  '',
  'x=?',
  'q==',
  '%71=a',
  'q=../a',
  'Q=a',
)
export const paths: fc.Arbitrary<string> = fc.constantFrom(
  '/',
  '/a',
  '/b',
  '/a/',
  '/a/b',
  '/A',
  '/ab',
  '//',
  '/a%20b',
  '/a.js',
)
export const patterns: fc.Arbitrary<string> = fc.constantFrom(
  '/a.*', '/a/[^/]+', '(?i)/A/.*', '/(a|b)(/.*)?', '.*', '/a?b?c?', '/.+\\.js', '[/ab]+', '/[[:alpha:]]+', '^/a$', '/a/b|/b', '.*%.*', '/\\w+/.*',
) // prettier-ignore

/** Of a header or query parameter. Only exact may be empty. */
export const match: fc.Arbitrary<StringMatch> = fc.oneof(
  fc.record({ kind: fc.constant('exact' as const), value: fc.oneof(text, fc.constant('')) }),
  fc.record({ kind: fc.constantFrom('prefix' as const, 'suffix' as const, 'contains' as const), value: text }),
  fc.record({ kind: fc.constant('regex' as const), value: fc.constantFrom('a.*', '.*', 'a|b', '[ab]+', '(?i)A') }),
  fc.record({ kind: fc.constant('present' as const) }),
)

/** What header operations set. */
export const formats: fc.Arbitrary<string> = fc.constantFrom(
  'v', '', 'a  b', '%REQ(x)%', '%REQ(y?x)%', '<%REQ(:PATH)%>', '%REQ(:AUTHORITY)%', '%REQ(:METHOD)%-%REQ(end-user):2%', '100%%', '%PROTOCOL%', '%REQ(nothing)%', '%UPSTREAM_CLUSTER%',
) // prettier-ignore
