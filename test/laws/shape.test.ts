// The law of a file's shape: it opens by saying what it is, exports by name, has no `any`, and is named for its concept.
import { expect, test } from 'vitest'
import { type Breach, packages, parse, type Source, sources } from './tree.ts'

const files = sources(...packages().map((name) => `packages/${name}/src`), 'examples')
const vague = /(^|[-./])(utils?|helpers?|managers?)([-./]|$)/

test('a source file opens with a comment of one to three lines', () => {
  expect(files.filter((source) => !source.isTest).flatMap(opening)).toEqual([])
})

test('exports are named one by one: no `export *`, no default export', () => {
  expect(files.flatMap(exported)).toEqual([])
})

test('nothing is `any`', () => {
  expect(files.flatMap(loose)).toEqual([])
})

test('no file or folder is named utils, helpers or manager', () => {
  expect(files.flatMap(named)).toEqual([])
})

test('the law catches each of them', () => {
  const bad = parse(
    'a/src/string-utils.ts',
    'export * from "./b.ts"\nexport default 1\nexport * as c from "./c.ts"\nlet a: any\n',
  )
  expect(opening(bad)).toHaveLength(1)
  expect(opening(parse('x.ts', '// 1\n// 2\n// 3\n// 4\nexport {}\n'))).toEqual([
    'x.ts:4: the opening comment has 4 lines, at most 3 are read',
  ])
  expect(exported(bad).map((breach) => breach.split(':')[1])).toEqual(['1', '3', '2'])
  expect(loose(bad)).toEqual(['a/src/string-utils.ts:4: `any`'])
  expect(named(bad)).toHaveLength(1)
  expect(named(parse('a/src/manage.ts', ''))).toEqual([])
})

function opening({ path, text }: Source): Breach[] {
  const [first, ...rest] = text.split('\n')
  const lines = first?.startsWith('#!') === true ? rest : [first ?? '', ...rest]
  const length = lines.findIndex((line) => !line.startsWith('//'))
  if (length === 0) return [`${path}:1: opens without a comment that says what it is`]
  return length > 3 ? [`${path}:4: the opening comment has ${length} lines, at most 3 are read`] : []
}

function exported({ path, exportsAll, exportsDefault }: Source): Breach[] {
  return [
    ...exportsAll.map((line): Breach => `${path}:${line}: \`export *\`: name every export`),
    ...exportsDefault.map((line): Breach => `${path}:${line}: a default export: give it a name`),
  ]
}

function loose({ path, anys }: Source): Breach[] {
  return anys.map((line): Breach => `${path}:${line}: \`any\``)
}

function named({ path }: Source): Breach[] {
  return vague.test(path) ? [`${path}:1: name it for its one concept`] : []
}
