// Path preparation, SEMANTICS 3.1.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PathNormalization } from '../model/config.ts'
import { preparePath, splitTarget } from './path.ts'

const modes: readonly PathNormalization[] = ['none', 'base', 'mergeSlashes', 'decodeAndMergeSlashes']

test.each<
  [path: string, none: string, base: string | undefined, merge: string | undefined, decode: string | undefined]
>([
  ['/a/b', '/a/b', '/a/b', '/a/b', '/a/b'],
  ['/a/./b', '/a/./b', '/a/b', '/a/b', '/a/b'],
  ['/a/../b', '/a/../b', '/b', '/b', '/b'],
  ['/a/..', '/a/..', '/', '/', '/'],
  ['/a/.', '/a/.', '/a/', '/a/', '/a/'],
  ['/../../a', '/../../a', '/a', '/a', '/a'],
  ['/.a/..b/c.', '/.a/..b/c.', '/.a/..b/c.', '/.a/..b/c.', '/.a/..b/c.'],
  ['/a/%2e%2E/b', '/a/%2e%2E/b', '/b', '/b', '/b'],
  ['/a/%2e/b', '/a/%2e/b', '/a/b', '/a/b', '/a/b'],
  ['/%72w', '/%72w', '/rw', '/rw', '/rw'],
  ['/%7E%2D%5f', '/%7E%2D%5f', '/~-_', '/~-_', '/~-_'],
  ['/a%2Fb%2fc', '/a%2Fb%2fc', '/a%2Fb%2fc', '/a%2Fb%2fc', '/a/b/c'],
  ['/a%5Cb', '/a%5Cb', '/a%5Cb', '/a%5Cb', '/a/b'],
  ['/a%2F..%2Fb', '/a%2F..%2Fb', '/a%2F..%2Fb', '/a%2F..%2Fb', '/b'],
  ['/a\\b', '/a\\b', '/a/b', '/a/b', '/a/b'],
  ['/a\\..\\b', '/a\\..\\b', '/b', '/b', '/b'],
  ['/%20%3F%C3%A4', '/%20%3F%C3%A4', '/%20%3F%C3%A4', '/%20%3F%C3%A4', '/%20%3F%C3%A4'],
  ['//rw', '//rw', '//rw', '/rw', '/rw'],
  ['/a//b///c', '/a//b///c', '/a//b///c', '/a/b/c', '/a/b/c'],
  ['/a%2F%2Fb', '/a%2F%2Fb', '/a%2F%2Fb', '/a%2F%2Fb', '/a/b'],
  ['*', '*', '*', '*', '*'],
  ['', '', undefined, undefined, undefined],
  ['/%2F', '/%2F', '/%2F', '/%2F', '//'],
  ['///', '///', '///', '//', '//'],
  // what follows was seen of Envoy 1.40 (test/peers/envoy, section 3.1)
  ['/bad%', '/bad%', '/bad%', '/bad%', '/bad%'],
  ['/bad%zz%41', '/bad%zz%41', '/bad%zzA', '/bad%zzA', '/bad%zzA'],
  ['/%2%45', '/%2%45', '/%252E', '/%252E', '/%252E'],
  ['/%%41', '/%%41', '/%A', '/%A', '/%A'],
  ['/%%41%42', '/%%41%42', '/%25AB', '/%25AB', '/%25AB'],
  ['/a%00', '/a%00', undefined, undefined, undefined],
  ['/a/..;x=1/b', '/a/..;x=1/b', '/b', '/b', '/b'],
  ['/a/.;/b/..;', '/a/.;/b/..;', '/a/', '/a/', '/a/'],
  ['/a/%2e%2e;/b', '/a/%2e%2e;/b', '/a/..;/b', '/a/..;/b', '/a/..;/b'],
  ['/a/...;/;/b', '/a/...;/;/b', '/a/...;/;/b', '/a/...;/;/b', '/a/...;/;/b'],
  [
    '/<a>|"^`{}',
    '/<a>|"^`{}',
    '/%3Ca%3E%7C%22%5E%60%7B%7D',
    '/%3Ca%3E%7C%22%5E%60%7B%7D',
    '/%3Ca%3E%7C%22%5E%60%7B%7D',
  ],
])('%s: none gives %s, base %s, mergeSlashes %s, decodeAndMergeSlashes %s', (path, ...expected) => {
  expect(modes.map((mode) => preparePath(path, mode))).toEqual(expected)
})

test('a path that does not begin with a slash is invalid', () => {
  expect(preparePath('reviews', 'base')).toBeUndefined()
  expect(preparePath('reviews', 'none')).toBe('reviews')
})

test('a prepared path is prepared: doing it again changes nothing', () => {
  const piece = fc.constantFrom('a', '.', '..', '', '%2e', '%2F', '%41', '%20', '\\', 'ä', 'b.c')
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 8 }),
      fc.constantFrom<PathNormalization>('base', 'mergeSlashes'),
      (p, mode) => {
        const once = preparePath(`/${p.join('/')}`, mode)
        expect(once).toBeDefined()
        expect(preparePath(once ?? '', mode)).toBe(once)
        expect(once).toMatch(/^\//)
        expect(once).not.toMatch(/\/\.\.?(\/|$)|\\/)
        expect(mode === 'mergeSlashes' && once !== '//' && once?.includes('//')).toBe(false)
      },
    ),
  )
})

test.each([
  ['/a?b=c', '/a', 'b=c'],
  ['/a', '/a', undefined],
  ['/a?', '/a', ''],
  ['/a?b?c#d', '/a', 'b?c'],
  ['/a#b?c', '/a', undefined],
])('%s is the path %s and the query %s', (target, path, query) => {
  expect(splitTarget(target)).toEqual({ path, query })
})
