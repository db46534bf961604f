// The source tree as the laws read it: each file's text, its code without comments, its imports and exports.
// Not a law. A law collects `Breach`es, which name file and line, and expects none.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseSync, Visitor } from 'oxc-parser'

export interface Source {
  readonly path: string
  readonly text: string
  /** The text with every comment blanked: offsets and lines are those of `text`. */
  readonly code: string
  readonly lines: number
  /** Tests, and the suites that several tests share. */
  readonly isTest: boolean
  readonly imports: readonly Import[]
  readonly exportsAll: readonly number[]
  readonly exportsDefault: readonly number[]
  readonly anys: readonly number[]
}

interface Import {
  readonly specifier: string
  /** For a relative import the path it means, from the repository's root. */
  readonly target: string | undefined
  readonly line: number
}

export type Breach = `${string}:${number}: ${string}`

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Every TypeScript file below the folders that somebody wrote; a folder that does not exist has none. */
export function sources(...folders: readonly string[]): Source[] {
  return folders.flatMap((folder) => files(join(root, folder))).map(read)
}

/** The names of the packages that exist. */
export function packages(): string[] {
  return readdirSync(join(root, 'packages')).filter((name) => existsSync(join(root, 'packages', name, 'package.json')))
}

export function readJson(path: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(root, path), 'utf8')) as Record<string, unknown>
}

/** Where a pattern occurs in the code, comments excluded. */
export function occurrences(source: Source, pattern: RegExp, what: (found: string) => string): Breach[] {
  return [...source.code.matchAll(new RegExp(pattern, 'g'))].map(
    (match): Breach => `${source.path}:${lineAt(source.code, match.index)}: ${what(match[0].trim())}`,
  )
}

const cache = new Map<string, Source>()

function read(file: string): Source {
  const known = cache.get(file)
  if (known !== undefined) return known
  const path = relative(root, file).split(sep).join('/')
  const text = readFileSync(file, 'utf8')
  const source = parse(path, text)
  cache.set(file, source)
  return source
}

export function parse(path: string, text: string): Source {
  const { module, comments, program } = parseSync(path, text)
  const anys: number[] = []
  new Visitor({ TSAnyKeyword: (node) => void anys.push(lineAt(text, node.start)) }).visit(program)
  const entries = module.staticExports.flatMap((statement) => statement.entries)
  return {
    path,
    text,
    code: comments.reduce((code, { start, end }) => blank(code, start, end), text),
    lines: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
    isTest: /\.(test|suite|peer)\.ts$/.test(path),
    imports: [
      ...module.staticImports.map(({ moduleRequest }) => moduleRequest),
      ...entries.flatMap(({ moduleRequest }) => moduleRequest ?? []),
      ...module.dynamicImports.map(({ moduleRequest: { start, end } }) => ({
        value: text.slice(start, end).replaceAll(/['"`]/g, ''),
        start,
      })),
    ].map(({ value, start }) => ({
      specifier: value,
      target: value.startsWith('.') ? join(dirname(path), value).split(sep).join('/') : undefined,
      line: lineAt(text, start),
    })),
    exportsAll: entries
      .filter(({ importName }) => importName.kind.startsWith('All'))
      .map(({ start }) => lineAt(text, start)),
    exportsDefault: entries
      .filter(({ exportName }) => exportName.kind === 'Default' || exportName.name === 'default')
      .map(({ start }) => lineAt(text, start)),
    anys,
  }
}

function files(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      if (entry.name === 'node_modules' || entry.name === 'dist' || entry.name === 'generated') return []
      const path = join(folder, entry.name)
      return entry.isDirectory() ? files(path) : path.endsWith('.ts') ? [path] : []
    })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

function blank(code: string, start: number, end: number): string {
  return code.slice(0, start) + code.slice(start, end).replaceAll(/[^\n]/g, ' ') + code.slice(end)
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}
