import fc from 'fast-check'
import { RE2JS } from 're2js'
import { describe, expect, test } from 'vitest'
import { regexEngine } from './regex.ts'
import { safeRegExp } from './safe-pattern.ts'

const proven = [
  '',
  'jason',
  '^/api/v1$',
  '.*',
  '.+',
  '/reviews/.*',
  '^/api/[^/]+/users/\\d+$',
  '[a-z]+-[0-9]{1,5}',
  '.*\\.(?:png|jpe?|css)'.replace('e?', 'e'),
  '(v1|v2|)/a*',
  '(?P<user>[^;]+);(x)?',
  '\\w+ \\W\\s*',
  '[\\w.-]+@a\\.b',
  'a{2,4}b',
  'a{3}',
  'a{0,0}b',
  '.*?b',
  '[^a]b*',
  '[]a]+b',
  '[a-]*',
  '(a)*b',
  '(?:ab)?c.*',
  'a?a',
  '\\S*\\.a',
  'é*b',
  '[^b]?',
  '😀+a',
  '[/-:]*b',
]

const unproven = [
  '^(a+)+$',
  '(a|a)*b',
  '(.*)*x',
  '.*.*.*=.*',
  '.*a.*',
  'a*a*',
  'a?a?a',
  '(a|b)(a|b)',
  '(ab)+',
  '(?i)a',
  '\\ba',
  '\\pL',
  '[[:alpha:]]',
  'a|b*',
  '(?:a*)?',
  'a{101}',
  '.*a{25}',
  'a{x',
  '\\x41',
  '(?s).*',
  'a^',
  'a$b',
  '[a-\\d]',
]

describe('a pattern', () => {
  test.each(proven)('%j runs as a plain RegExp that agrees with re2js on any text', (pattern) => {
    const safe = safeRegExp(pattern)
    const reference = RE2JS.compile(pattern)
    if (safe === undefined) throw new Error('not proven')
    fc.assert(
      fc.property(texts, (text) => {
        expect(safe.test(text)).toBe(reference.testExact(text))
      }),
      { numRuns: 300 },
    )
  })

  test.each(unproven)('%j is left to re2js', (pattern) => {
    expect(safeRegExp(pattern)).toBeUndefined()
  })

  test('made up at random and proven safe agrees with re2js', () => {
    let safePatterns = 0
    fc.assert(
      fc.property(patterns, fc.array(texts, { minLength: 20, maxLength: 20 }), (pattern, samples) => {
        const safe = safeRegExp(pattern)
        if (safe === undefined) return
        safePatterns++
        const reference = RE2JS.compile(pattern)
        for (const text of samples)
          expect([pattern, text, safe.test(text)]).toEqual([pattern, text, reference.testExact(text)])
      }),
      { numRuns: 3000 },
    )
    expect(safePatterns).toBeGreaterThan(300)
  })

  test.each([
    ['a(?=b)', 'lookahead and lookbehind are not supported'],
    ['(?<!a)b', 'lookahead and lookbehind are not supported'],
    ['(a)\\1', 'backreferences are not supported'],
    ['(a', 'missing closing )'],
    ['a**', 'invalid nested repetition'],
  ])('%j is refused with a reason', (pattern, reason) => {
    expect(() => regexEngine.compile(pattern)).toThrow(reason)
  })

  test('has to match the whole text', () => {
    for (const pattern of ['a.', '(a|b)*.']) {
      const regex = regexEngine.compile(pattern)
      expect([regex.matches('ab'), regex.matches('abc!'), regex.matches('xab'), regex.matches('a\n')]).toEqual([
        true,
        false,
        false,
        false,
      ])
    }
  })
})

describe('hostile patterns and texts', () => {
  const hostile = [
    '^(a+)+$',
    '(a|a)*b',
    '(.*)*x',
    '.*.*.*=.*',
    '(a?){50}a{50}',
    '.*a{1,20}b',
    '.*a{1,60}b',
    '.*(a|aa|aaa)b',
    'a*',
    '[^=]*=[^;]*;',
  ]

  test.each(hostile)('%j takes linear time', (pattern) => {
    const regex = regexEngine.compile(pattern)
    const text = `${'a'.repeat(20_000)}!`
    // eleven texts' length within a second of work: what is quadratic takes a hundred times as long, what is exponential never ends
    const work = workMs(() => {
      regex.matches(text)
      regex.matches(text.repeat(10))
    })
    expect(work).toBeLessThan(1000)
  })

  test('any pattern that is called safe takes linear time', () => {
    fc.assert(
      fc.property(patterns, fc.constantFrom('a', 'b', 'ab', '/', 'ba/'), (pattern, piece) => {
        const safe = safeRegExp(pattern)
        if (safe === undefined) return
        expect(workMs(() => safe.test(`${piece.repeat(20_000)}\n`))).toBeLessThan(1000)
      }),
      { numRuns: 500 },
    )
  })
})

describe('replaceAll', () => {
  test.each([
    ['a', 'banana', 'o', 'bonono'],
    ['/service/([^/]+)(/.*)', '/service/foo/v1/api', '\\2/instance/\\1', '/v1/api/instance/foo'],
    ['(?i)one', 'One two ONE', '<\\0>', '<One> two <ONE>'],
    ['(a)|(b)', 'ab', '[\\1\\2]', '[a][b]'],
    ['a', 'a', '\\7', 'a'],
    ['a', 'a', '\\\\1 $0 \\', '\\1 $0 \\'],
    ['a*', 'baac', 'x', 'xbxcx'],
    ['', 'ab', '-', '-a-b-'],
    ['^/', '//x', '/v1/', '/v1//x'],
    ['z', 'abc', '-', 'abc'],
    ['[^a]', 'a😀b', '.', 'a..'],
  ])('%j in %j by %j is %j', (pattern, text, rewrite, expected) => {
    expect(regexEngine.compile(pattern).replaceAll(text, rewrite)).toBe(expected)
  })
})

/** Processor time, which a busy machine does not stretch. */
function workMs(deed: () => void): number {
  const before = process.cpuUsage()
  deed()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

const characters = fc.constantFrom(
  'a',
  'b',
  'x',
  'v',
  '1',
  '2',
  '/',
  '.',
  '-',
  ';',
  '=',
  ' ',
  '\n',
  '\v',
  'é',
  '😀',
  '\ud83d',
)
const texts = fc.oneof(
  fc.array(characters, { maxLength: 12 }).map((parts) => parts.join('')),
  fc.array(fc.constantFrom('a', 'b', '/', '1'), { maxLength: 8 }).map((parts) => parts.join('')),
  fc.constantFrom(
    '/api/v1',
    '/api/x/users/12',
    'a-12',
    'x.png',
    'v1/aa',
    'x;x',
    'a@a.b',
    'aab',
    'aaab',
    'abc',
    'ab/ 1',
  ),
)

const atoms = fc.constantFrom(
  'a',
  'b',
  '.',
  '[ab]',
  '[^a]',
  '\\d',
  '\\w',
  '/',
  '[^/]',
  '\\.',
  '(a)',
  '(?:a|b)',
  '(ab|)',
  'é',
  '\\S',
)
const quantifiers = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,3}', '{1,}', '*?')
const patterns = fc
  .array(
    fc.tuple(atoms, quantifiers).map(([atom, quantifier]) => atom + quantifier),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts) => parts.join(''))
