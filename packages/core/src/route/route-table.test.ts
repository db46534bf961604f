// The first route that matches wins; the index of long tables answers as a plain scan would.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { testRegex } from '../base/regex.suite.ts'
import type { HeaderMatch, PathMatch, RouteMatch } from '../model/match.ts'
import { compileMatch, describeCondition, firstMiss } from './matchers.ts'
import { requestOf } from './request.suite.ts'
import { type RouteEntry, RouteTable } from './route-table.ts'

function tableOf(matches: readonly Partial<RouteMatch>[]): RouteTable<number> {
  const path: PathMatch = { kind: 'prefix', value: '/', ignoreCase: false }
  return new RouteTable(
    matches.map((match, payload): RouteEntry<number> => ({
      match: compileMatch({ path, headers: [], queryParameters: [], ...match }, testRegex),
      payload,
    })),
  )
}

const prefix = (value: string): Partial<RouteMatch> => ({ path: { kind: 'prefix', value, ignoreCase: false } })
const exact = (value: string): Partial<RouteMatch> => ({ path: { kind: 'exact', value, ignoreCase: false } })
const filler = Array.from({ length: 20 }, (_, i) => exact(`/filler/${i}`))

test.each([
  ['a short table', []],
  ['an indexed table', filler],
])('C031 C046 in %s the first match wins, not the longest', (_, more) => {
  const table = tableOf([prefix('/od10'), prefix('/od100'), exact('/od10'), {}, prefix('/x'), ...more])
  const found = (target: string): number | undefined => table.find(requestOf(`http://h${target}`))?.payload
  expect(found('/od100')).toBe(0)
  expect(found('/od10')).toBe(0)
  expect(found('/x')).toBe(3)
})

test.each([
  ['a short table', []],
  ['an indexed table', filler],
])('C029 in %s nothing is found when nothing matches', (_, more) => {
  expect(tableOf([prefix('/reviews'), ...more]).find(requestOf('http://h/other'))).toBeUndefined()
})

test('a recorder hears of every route before the match, in order, with what was missed', () => {
  const table = tableOf([...filler, prefix('/a'), prefix('/b')])
  const heard: string[] = []
  const found = table.find(requestOf('http://h/a'), (entry, miss) =>
    heard.push(`${entry.payload} ${describeCondition(miss)}`),
  )
  expect(found?.payload).toBe(20)
  expect(heard).toEqual(filler.map((_, i) => `${i} path exact "/filler/${i}"`))
})

test('characters beyond the basic plane are indexed like all others', () => {
  const table = tableOf([...filler, prefix('/\u{1f600}a')])
  expect(table.find(requestOf('http://h/\u{1f600}ab'))?.payload).toBe(20)
})

// ---- the index against the plain scan ----

const letter = fc.constantFrom('a', 'b', 'A', '/', '-', '\u{1f600}', '.')
const text = fc.array(letter, { maxLength: 4 }).map((letters) => `/${letters.join('')}`)
const regexPiece = fc.constantFrom(
  'a',
  'b',
  '/',
  '.',
  'a?',
  'a*',
  'b+',
  'b{0,1}',
  '(a|b)',
  '[ab]',
  '\\.',
  '-',
  'a|b',
  'a|/b',
  '$',
)
const regexText = fc
  .tuple(fc.constantFrom('', '(?i)', '^'), fc.array(regexPiece, { maxLength: 4 }))
  .map(([start, pieces]) => `${start}/${pieces.join('')}`)
const path: fc.Arbitrary<PathMatch> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('prefix' as const, 'exact' as const, 'separatedPrefix' as const),
    value: text,
    ignoreCase: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('regex' as const), value: regexText }),
)
const header: fc.Arbitrary<HeaderMatch> = fc.record({
  name: fc.constant('x'),
  match: fc.constantFrom({ kind: 'exact' as const, value: '1' }, { kind: 'present' as const }),
  invert: fc.boolean(),
})
const match = fc.record({
  path,
  headers: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.tuple(header) }),
})
const request = fc
  .tuple(text, fc.constantFrom(undefined, '1', '2'))
  .map(([target, x]) => requestOf(`http://h${target}`, { headers: { x } }))

test('the index finds what a plain scan finds, for any table and any request', () => {
  fc.assert(
    fc.property(
      fc.array(match, { minLength: 16, maxLength: 40 }),
      fc.array(request, { maxLength: 20 }),
      (m, requests) => {
        const table = tableOf(m)
        for (const each of requests) {
          const scanned = table.entries.find((entry) => firstMiss(entry.match, each) === undefined)
          expect(table.find(each)?.payload).toBe(scanned?.payload)
          expect(table.find(each, () => undefined)?.payload).toBe(scanned?.payload)
        }
      },
    ),
    { numRuns: 300 },
  )
})
