// The law of core's rooms: `base <- model <- {route, balance}`, `balance <- cluster`, `{route, cluster} <- call <- mesh`.
// Never backwards; and core stands alone: no dependencies, no `node:` modules.
import { expect, test } from 'vitest'
import { type Breach, parse, readJson, type Source, sources } from './tree.ts'

const below: Readonly<Record<string, readonly string[]>> = {
  base: [],
  model: ['base'],
  route: ['model', 'base'],
  balance: ['model', 'base'],
  cluster: ['balance', 'model', 'base'],
  call: ['cluster', 'balance', 'route', 'model', 'base'],
  mesh: ['call', 'cluster', 'balance', 'route', 'model', 'base'],
}

const core = 'packages/core/src/'
const files = sources(core).filter((source) => !source.isTest)

test('a room of core imports only from the rooms below it', () => {
  expect(files.flatMap(wrongWay)).toEqual([])
})

test('every folder of core is a room that the law knows', () => {
  const rooms = files.map(({ path }) => roomOf(path)).filter((room) => room !== undefined)
  expect([...new Set(rooms)].filter((room) => below[room] === undefined)).toEqual([])
})

test('core imports nothing but its own files', () => {
  expect(files.flatMap(foreign)).toEqual([])
})

test('core has no dependencies', () => {
  const { dependencies, peerDependencies, optionalDependencies } = readJson('packages/core/package.json')
  expect([dependencies, peerDependencies, optionalDependencies]).toEqual([undefined, undefined, undefined])
})

test('the law catches an import that goes up, one that reaches the index, and one that leaves core', () => {
  const bad = parse(
    `${core}base/x.ts`,
    `import { a } from '../model/a.ts'\nexport { b } from '../index.ts'\nimport 'node:fs'\n`,
  )
  expect(wrongWay(bad)).toEqual([
    'packages/core/src/base/x.ts:1: base may not import model (../model/a.ts)',
    'packages/core/src/base/x.ts:2: base may not import the front of core (../index.ts)',
  ])
  expect(foreign(bad)).toEqual(['packages/core/src/base/x.ts:3: core may not import node:fs'])
})

function wrongWay(source: Source): Breach[] {
  const from = roomOf(source.path)
  if (from === undefined) return []
  return source.imports.flatMap(({ specifier, target, line }): Breach[] => {
    if (target === undefined) return []
    const to = roomOf(target)
    if (to !== undefined && (to === from || below[from]?.includes(to) === true)) return []
    return [`${source.path}:${line}: ${from} may not import ${to ?? 'the front of core'} (${specifier})`]
  })
}

function foreign(source: Source): Breach[] {
  return source.imports
    .filter(({ target }) => target === undefined || !target.startsWith(core))
    .map(({ specifier, line }): Breach => `${source.path}:${line}: core may not import ${specifier}`)
}

/** The folder below src that a path lies in; undefined for src/index.ts and src/spi.ts. */
function roomOf(path: string): string | undefined {
  const [room, file] = path.slice(core.length).split('/')
  return file === undefined ? undefined : room
}
