// What happens to the path on its way out, SEMANTICS 3.10.
import { expect, test } from 'vitest'
import { testRegex } from '../base/regex.suite.ts'
import type { PathMatch } from '../model/match.ts'
import { compilePathRewrite } from './rewrite.ts'

const match = (kind: PathMatch['kind'], value: string, ignoreCase = false): PathMatch =>
  kind === 'regex' ? { kind, value } : { kind, value, ignoreCase }

test.each<[string, PathMatch, rewrite: string, path: string, expected: string]>([
  ['C047 the prefix is replaced literally', match('prefix', '/reviews'), '/', '/reviews/1', '//1'],
  ['C047 also in the middle of a segment', match('prefix', '/reviews'), '/', '/reviewsz', '/z'],
  ['C047 the bare prefix', match('prefix', '/reviews'), '/', '/reviews', '/'],
  ['a prefix with a slash is clean', match('prefix', '/reviews/'), '/', '/reviews/1', '/1'],
  ['C048 exact: the whole path', match('exact', '/exact'), '/E', '/exact', '/E'],
  ['C048 regex: the whole path', match('regex', '/rx.*'), '/RX', '/rx1/2', '/RX'],
  ['C049 no match is the prefix /', match('prefix', '/'), '/v1', '/foo', '/v1foo'],
  ['no match, clean', match('prefix', '/'), '/v1/', '/foo', '/v1/foo'],
  ['C051 by length whatever the case', match('prefix', '/CI', true), '/low', '/ci/Foo', '/low/Foo'],
  ['a separated prefix is replaced literally', match('separatedPrefix', '/psp'), '/', '/psp/a', '//a'],
])('%s', (_, matched, value, path, expected) => {
  expect(compilePathRewrite({ kind: 'prefix', value }, matched, testRegex)(path)).toBe(expected)
})

test.each([
  ['all matches are replaced', 'a', 'b', '/a/a', '/b/b'],
  ['groups', '^/(\\w+)/(\\w+)$', '/\\2/\\1/\\0', '/a/b', '/b/a//a/b'],
  ['a group that took no part is empty', '^/(x)?(a)$', '/[\\1]\\2', '/a', '/[]a'],
  ['dollar signs mean nothing', 'a', '$1$&', '/a', '/$1$&'],
  ['no match, no change', 'zzz', 'b', '/a', '/a'],
])('regex: %s', (_, pattern, substitution, path, expected) => {
  const plan = compilePathRewrite({ kind: 'regex', pattern, substitution }, match('prefix', '/'), testRegex)
  expect(plan(path)).toBe(expected)
})
