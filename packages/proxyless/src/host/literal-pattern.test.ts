// Literal patterns say what re2js says, on any text.
import fc from 'fast-check'
import { RE2JS } from 're2js'
import { expect, test } from 'vitest'
import { literalTest } from './literal-pattern.ts'

const texts = fc
  .array(fc.constantFrom('Mobile', 'group=beta', ';', 'a', '\n', '/', 'x=1', ' '))
  .map((parts) => parts.join(''))

test.each([
  '.*Mobile.*',
  '.*Mobile',
  'Mobile.*',
  '^Mobile$',
  '/a/.*',
  '^(.*?;)?(group=beta)(;.*)?$',
  '^(.*;)?(a)(;.*)?$',
])('%j agrees with re2js', (pattern) => {
  const literal = literalTest(pattern)
  const reference = RE2JS.compile(pattern)
  if (literal === undefined) throw new Error('not a literal')
  fc.assert(
    fc.property(texts, (text) => {
      expect(literal(text)).toBe(reference.testExact(text))
    }),
    { numRuns: 500 },
  )
})

test.each(['.*Mob.le.*', '.+a', '(a)', 'a|b', '[a]', '.*a.*b.*', '.*', ''])('%j is not of this kind', (pattern) => {
  expect(literalTest(pattern)).toBeUndefined()
})
