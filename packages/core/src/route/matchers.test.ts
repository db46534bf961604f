// What a request must look like, SEMANTICS 3.2 to 3.5.
import { describe, expect, test } from 'vitest'
import { testRegex } from '../base/regex.suite.ts'
import type { PathMatch, RouteMatch, StringMatch } from '../model/match.ts'
import { compileMatch, describeCondition, firstMiss, queryValue } from './matchers.ts'
import { requestOf, type RequestWords } from './request.suite.ts'

const anyPath: PathMatch = { kind: 'prefix', value: '/', ignoreCase: false }

function matches(match: Partial<RouteMatch>, url: string, words?: RequestWords): boolean {
  const compiled = compileMatch({ path: anyPath, headers: [], queryParameters: [], ...match }, testRegex)
  return firstMiss(compiled, requestOf(url, words)) === undefined
}

describe('the path', () => {
  const path = (kind: PathMatch['kind'], value: string, ignoreCase = false): PathMatch =>
    kind === 'regex' ? { kind, value } : { kind, value, ignoreCase }

  test.each<[string, PathMatch, target: string, expected: boolean]>([
    ['exact is the whole path', path('exact', '/a'), '/a', true],
    ['exact is not a prefix', path('exact', '/a'), '/a/', false],
    ['exact sees case', path('exact', '/a'), '/A', false],
    ['exact does not see the query', path('exact', '/a'), '/a?b', true],
    ['C030 prefix is a plain string prefix', path('prefix', '/reviews'), '/reviewsX', true],
    ['prefix matches below', path('prefix', '/reviews'), '/reviews/1', true],
    ['prefix matches itself', path('prefix', '/reviews'), '/reviews', true],
    ['prefix does not match less', path('prefix', '/reviews'), '/review', false],
    ['prefix does not see the query', path('prefix', '/a?b'), '/a?b', false],
    ['prefix does not merge slashes', path('prefix', '/rw'), '//rw', false],
    ['C032 regex is the whole path', path('regex', '/full'), '/full/', false],
    ['C032 regex does not see the query', path('regex', '/full'), '/full?x=1', true],
    ['C033 regex with a flag ignores case', path('regex', '(?i)/Foo.*'), '/foobar', true],
    ['C035 ignoreUriCase does not reach regex', path('regex', '/abc', true), '/ABC', false],
    ['exact ignoring case', path('exact', '/Abc', true), '/aBC', true],
    ['C003 prefix ignoring case', path('prefix', '/ratings/v2/', true), '/RATINGS/V2/x', true],
    ['C003 prefix ignoring case still needs its slash', path('prefix', '/ratings/v2/', true), '/ratings/v2', false],
    ['ignoring case is for ASCII letters only', path('exact', '/Ä', true), '/ä', false],
    ['separated prefix matches itself', path('separatedPrefix', '/psp'), '/psp', true],
    ['separated prefix matches with a slash', path('separatedPrefix', '/psp'), '/psp/', true],
    ['separated prefix matches below', path('separatedPrefix', '/psp'), '/psp/a', true],
    ['C135 separated prefix ends at a slash', path('separatedPrefix', '/psp'), '/pspa', false],
    ['separated prefix ignoring case', path('separatedPrefix', '/PSP', true), '/psp/a', true],
    ['absent is every path', anyPath, '/x', true],
  ])('%s', (_, match, target, expected) => {
    expect(matches({ path: match }, `http://h${target}`)).toBe(expected)
  })
})

describe('a share of requests', () => {
  test.each([
    [300_000, 299_999, true],
    [300_000, 300_000, false],
    [0, 0, false],
    [1_000_000, 999_999, true],
  ])('of %d in a million, the dice at %d', (numerator, dice, expected) => {
    const compiled = compileMatch({ path: anyPath, headers: [], queryParameters: [], share: { numerator } }, testRegex)
    expect(firstMiss(compiled, requestOf('http://h/', {}, dice)) === undefined).toBe(expected)
  })

  test('is described in percent', () => {
    const share = { numerator: 305_000 }
    const compiled = compileMatch({ path: anyPath, headers: [], queryParameters: [], share }, testRegex)
    const miss = firstMiss(compiled, requestOf('http://h/', {}, 999_999))
    expect(miss && describeCondition(miss)).toBe('share of 30.5 % of requests')
  })
})

describe('method, scheme, authority', () => {
  const pseudo = (name: string, value: string): Partial<RouteMatch> => ({
    headers: [{ name, match: { kind: 'exact', value }, invert: false }],
  })

  test('the method is compared with case', () => {
    expect(matches(pseudo(':method', 'GET'), 'http://h/')).toBe(true)
    expect(matches(pseudo(':method', 'get'), 'http://h/')).toBe(false)
    expect(matches(pseudo(':method', 'POST'), 'http://h/', { method: 'POST' })).toBe(true)
  })

  test('the scheme is that of the URL', () => {
    expect(matches(pseudo(':scheme', 'https'), 'https://h/')).toBe(true)
    expect(matches(pseudo(':scheme', 'https'), 'http://h/')).toBe(false)
  })

  test('C037 the authority has the port when the URL shows one, and is compared with case', () => {
    expect(matches(pseudo(':authority', 't.local:8080'), 'http://t.local:8080/')).toBe(true)
    expect(matches(pseudo(':authority', 't.local:8080'), 'http://T.Local:8080/')).toBe(false)
    expect(matches(pseudo(':authority', 't.local:80'), 'http://t.local/')).toBe(false)
  })

  test('the pseudo header of the path has the query; unknown ones are absent', () => {
    expect(matches(pseudo(':path', '/a?b'), 'http://h/a?b')).toBe(true)
    expect(matches(pseudo(':path', '/a'), 'http://h/a')).toBe(true)
    expect(matches(pseudo(':protocol', 'websocket'), 'http://h/a')).toBe(false)
  })
})

describe('headers', () => {
  const x = (match: StringMatch, value: string | string[] | undefined, invert = false): boolean =>
    matches({ headers: [{ name: 'x', match, invert }] }, 'http://h/', { headers: { x: value } })
  const exact = (value: string): StringMatch => ({ kind: 'exact', value })
  const present: StringMatch = { kind: 'present' }

  test.each<[string, StringMatch, string | string[] | undefined, boolean]>([
    ['C001 exact', exact('jason'), 'jason', true],
    ['C002 values are compared with case', exact('jason'), 'Jason', false],
    ['prefix', { kind: 'prefix', value: 'ja' }, 'jason', true],
    ['suffix', { kind: 'suffix', value: 'son' }, 'jason', true],
    ['contains', { kind: 'contains', value: 'aso' }, 'jason', true],
    ['regex is the whole value', { kind: 'regex', value: 'ja' }, 'jason', false],
    ['regex', { kind: 'regex', value: 'ja.*' }, 'jason', true],
    ['C039 present, although empty', present, '', true],
    ['absent is not present', present, undefined, false],
    ['C040 exact empty does not match when absent', exact(''), undefined, false],
    ['C040 exact empty matches an empty value', exact(''), '', true],
    ['a regex for anything does not match when absent', { kind: 'regex', value: '.*' }, undefined, false],
    ['any of several lines may match', exact('b'), ['a', 'b'], true],
    ['lines are not joined', exact('a,b'), ['a', 'b'], false],
    ['one line with a comma is one value', exact('a'), 'a,b', false],
  ])('%s', (_, match, value, expected) => {
    expect(x(match, value)).toBe(expected)
  })

  test.each<[string, StringMatch, string | string[] | undefined, boolean]>([
    ['not present: absent passes', present, undefined, true],
    ['not present: an empty one fails', present, '', false],
    ['not exact: another value passes', exact('foo'), 'bar', true],
    ['not exact: the value fails', exact('foo'), 'foo', false],
    ['not exact: absent passes', exact('foo'), undefined, true],
    ['not exact empty: absent fails', exact(''), undefined, false],
    ['not regex: absent counts as empty', { kind: 'regex', value: '.*' }, undefined, false],
    ['not exact: one of several lines is enough to fail', exact('b'), ['a', 'b'], false],
    ['not exact: none of several lines', exact('c'), ['a', 'b'], true],
  ])('%s', (_, match, value, expected) => {
    expect(x(match, value, true)).toBe(expected)
  })

  test('all conditions must hold', () => {
    const headers = [
      { name: 'a', match: exact('1'), invert: false },
      { name: 'b', match: exact('2'), invert: false },
    ]
    expect(matches({ headers }, 'http://h/', { headers: { a: '1', b: '2' } })).toBe(true)
    expect(matches({ headers }, 'http://h/', { headers: { a: '1' } })).toBe(false)
  })
})

describe('query parameters', () => {
  const q = (name: string, match: StringMatch, query: string): boolean =>
    matches({ queryParameters: [{ name, match }] }, `http://h/p${query}`)
  const exact = (value: string): StringMatch => ({ kind: 'exact', value })

  test.each<[string, string, StringMatch, query: string, boolean]>([
    ['exact', 'q', exact('1'), '?q=1', true],
    ['values are compared with case', 'q', exact('a'), '?q=A', false],
    ['C043 values are not decoded', 'q', exact('a b'), '?q=a%20b', false],
    ['C043 a raw value matches as written', 'q', exact('a%20b'), '?q=a%20b', true],
    ['keys are not decoded', 'd', exact('1'), '?%64=1', false],
    ['the first occurrence counts', 'q', exact('2'), '?q=1&q=2', false],
    ['any position', 'q', exact('2'), '?a=1&q=2&b', true],
    ['a longer key is another', 'q', exact('1'), '?qq=1', false],
    ['C045 missing never matches, not even .*', 'r', { kind: 'regex', value: '.*' }, '?q', false],
    ['C045 a bare key is the empty string', 'r', { kind: 'regex', value: '.*' }, '?r', true],
    ['a bare key is empty', 'r', exact(''), '?r&a', true],
    ['a key with = is empty', 'r', exact(''), '?r=', true],
    ['present', 'r', { kind: 'present' }, '?a&r', true],
    ['not present', 'r', { kind: 'present' }, '?a', false],
    ['no query at all', 'r', { kind: 'present' }, '', false],
    ['values keep further equal signs', 'q', exact('a=b'), '?q=a=b', true],
  ])('%s', (_, name, match, query, expected) => {
    expect(q(name, match, query)).toBe(expected)
  })

  test('a raw value is found by its raw key', () => {
    expect(queryValue('a=1&b&c=', 'a')).toBe('1')
    expect(queryValue('a=1&b&c=', 'b')).toBe('')
    expect(queryValue('a=1&b&c=', 'c')).toBe('')
    expect(queryValue('a=1&b&c=', 'd')).toBeUndefined()
    expect(queryValue('', 'd')).toBeUndefined()
    expect(queryValue(undefined, 'd')).toBeUndefined()
  })
})

test('the first condition that fails is named for people', () => {
  const compiled = compileMatch(
    {
      path: { kind: 'prefix', value: '/A', ignoreCase: true },
      headers: [{ name: 'x', match: { kind: 'exact', value: '1' }, invert: true }],
      queryParameters: [{ name: 'q', match: { kind: 'present' } }],
    },
    testRegex,
  )
  const miss = (target: string, x = ''): string | undefined => {
    const found = firstMiss(compiled, requestOf(`http://h${target}`, { headers: { x } }))
    return found && describeCondition(found)
  }
  expect(miss('/b')).toBe('path prefix "/a" (ignore case)')
  expect(miss('/a', '1')).toBe('header x not exact "1"')
  expect(miss('/a')).toBe('query parameter q present')
  expect(miss('/a?q')).toBeUndefined()
})
