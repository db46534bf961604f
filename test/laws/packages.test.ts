// The law between packages: doors import core and never one another, `proxyless` sees all,
// and nobody enters a package but by the entry points that its package.json names.
import { expect, test } from 'vitest'
import { type Breach, packages, parse, readJson, type Source, sources } from './tree.ts'

/** What a package may import; every package not named here is a door and may import core. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  core: [],
  'control-plane': ['core', 'istio', 'xds'],
  proxyless: packages(),
}

const folders = packages().map((name) => `packages/${name}/src`)
const entries = new Map(packages().flatMap((name) => entryPoints(name).map((entry) => [entry, name])))

test('a package imports only the packages that it may', () => {
  expect(sources(...folders).flatMap(forbidden)).toEqual([])
})

test('packages are entered by their entry points only', () => {
  expect(sources(...folders, 'examples', 'test').flatMap(backDoors)).toEqual([])
})

test('the law catches a door that imports a door, and every back door', () => {
  const bad = parse(
    'packages/http/src/x.ts',
    `import '@proxyless/istio'\nimport '@proxyless/core/src/base/clock.ts'\nimport '../../core/src/index.ts'\n`,
  )
  expect(forbidden(bad)).toEqual(['packages/http/src/x.ts:1: http may not import istio'])
  expect(backDoors(bad)).toEqual([
    'packages/http/src/x.ts:2: @proxyless/core/src/base/clock.ts is not an entry point',
    'packages/http/src/x.ts:3: ../../core/src/index.ts leaves the package by a path: import it by its name',
  ])
})

function forbidden(source: Source): Breach[] {
  const from = homeOf(source.path)
  return source.imports.flatMap(({ specifier, line }): Breach[] => {
    const to = entries.get(specifier)
    if (to === undefined || to === from || (allowed[from] ?? ['core']).includes(to)) return []
    return [`${source.path}:${line}: ${from} may not import ${to}`]
  })
}

function backDoors(source: Source): Breach[] {
  return source.imports.flatMap(({ specifier, target, line }): Breach[] => {
    if (target !== undefined && homeOf(target) !== homeOf(source.path)) {
      return [`${source.path}:${line}: ${specifier} leaves the package by a path: import it by its name`]
    }
    if (!/^(@proxyless\/|proxyless(\/|$))/.test(specifier) || entries.has(specifier)) return []
    return [`${source.path}:${line}: ${specifier} is not an entry point`]
  })
}

function entryPoints(name: string): string[] {
  const { name: own, exports } = readJson(`packages/${name}/package.json`) as { name: string; exports: object }
  return Object.keys(exports).map((entry) => own + entry.slice(1))
}

/** `http` for packages/http/...; `examples/bookinfo` and `test` for what lies outside packages. */
function homeOf(path: string): string {
  const [top = '', name = ''] = path.split('/')
  if (top === 'packages') return name
  return top === 'examples' ? `examples/${name}` : top
}
