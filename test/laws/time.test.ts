// The law of time and chance: they come in by the door, as `Clock` and `Random`, and only core's base/ makes real ones.
// And tests pause time, they never sleep.
import { expect, test } from 'vitest'
import { type Breach, occurrences, packages, parse, type Source, sources } from './tree.ts'

const direct = new RegExp(
  [
    /\b(Date|performance)\.now\b/,
    /\bnew Date\(\)/,
    /\bMath\.random\b/,
    /(?<!\.)\b(setTimeout|setInterval|setImmediate)\b/,
    /\bglobalThis\.set(Timeout|Interval|Immediate)\b/,
  ]
    .map((pattern) => pattern.source)
    .join('|'),
)
const naps = /\bawait\s+new\s+Promise\b[^\n]*=>[\s{]*(void\s+)?setTimeout\b|\bsleep\(|\bawait\s+setTimeout\(/

/** Files that may take time directly, with the reason. */
const exempt: Readonly<Record<string, string>> = {}

test.each(['core', 'istio', 'feed', 'xds', 'control-plane'])('%s takes time and chance only by the door', (name) => {
  const files = sources(`packages/${name}/src`)
    .filter((source) => !source.isTest)
    .filter(({ path }) => !path.startsWith('packages/core/src/base/') && exempt[path] === undefined)
  expect(files.flatMap(takes)).toEqual([])
})

test('tests never sleep', () => {
  const folders = packages().map((name) => `packages/${name}/src`)
  const tests = sources(...folders, 'examples', 'test').filter(({ path }) => path.endsWith('.test.ts'))
  expect(tests.filter(({ path }) => path !== 'test/laws/time.test.ts').flatMap(sleeps)).toEqual([])
})

test('the law sees direct time, and naps in their usual dress', () => {
  const bad = parse(
    'x.test.ts',
    'Date.now()\nsetTimeout(f, 1)\nclock.setTimeout(f, 1)\n' +
      'await new Promise<void>((resolve) => setTimeout(resolve, 5))\nawait sleep(5)\n' +
      'await new Promise((r) => {\n  setTimeout(r, 5)\n})\n',
  )
  expect(takes(bad).map((breach) => breach.split(':')[1])).toEqual(['1', '2', '4', '7'])
  expect(sleeps(bad).map((breach) => breach.split(':')[1])).toEqual(['4', '5', '6'])
})

function takes(source: Source): Breach[] {
  return occurrences(source, direct, (word) => `${word} is taken directly: let a Clock or a Random in by the door`)
}

function sleeps(source: Source): Breach[] {
  return occurrences(source, naps, () => 'a test that sleeps: pause time with a virtual clock instead')
}
