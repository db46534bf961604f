// Compiles what a request must look like into conditions that say yes or no, and can say why not.
// Called at first use of a virtual host; the conditions are hot.
import type { CompiledRegex, RegexEngine } from '../base/regex.ts'
import type { HeaderMatch, PathMatch, QueryParameterMatch, RouteMatch, StringMatch } from '../model/match.ts'
import type { HeaderLines, Matchable } from './request-view.ts'

/** One thing that must hold. */
export interface Condition {
  test(request: Matchable): boolean
  /** For people: `header end-user exact "jason"`. */
  describe(): string
}

/** A compiled RouteMatch: the path first, then the rest in the order said. */
export interface CompiledMatch {
  readonly path: PathMatch
  readonly conditions: readonly Condition[]
}

export function compileMatch(match: RouteMatch, regex: RegexEngine): CompiledMatch {
  const conditions: Condition[] = []
  if (!matchesEveryPath(match.path)) conditions.push(compilePath(match.path, regex))
  for (const header of match.headers) conditions.push(compileHeader(header, regex))
  for (const parameter of match.queryParameters) conditions.push(compileQuery(parameter, regex))
  return { path: match.path, conditions }
}

/** The first condition that does not hold, or undefined when all do. */
export function firstMiss(match: CompiledMatch, request: Matchable): Condition | undefined {
  for (const condition of match.conditions) if (!condition.test(request)) return condition
  return undefined
}

function matchesEveryPath(path: PathMatch): boolean {
  return path.kind === 'prefix' && (path.value === '/' || path.value === '')
}

function compilePath(path: PathMatch, regex: RegexEngine): Condition {
  const describe = (): string =>
    `path ${path.kind} ${JSON.stringify(path.value)}${path.kind !== 'regex' && path.ignoreCase ? ' (ignore case)' : ''}`
  if (path.kind === 'regex') {
    const compiled = regex.compile(path.value)
    return { test: (request) => compiled.matches(request.path), describe }
  }
  const wanted = path.ignoreCase ? lowerAscii(path.value) : path.value
  const fold = path.ignoreCase ? lowerAscii : same
  if (path.kind === 'exact') return { test: (request) => fold(request.path) === wanted, describe }
  if (path.kind === 'prefix') return { test: (request) => fold(request.path).startsWith(wanted), describe }
  return {
    test: (request) => {
      const actual = fold(request.path)
      return actual.startsWith(wanted) && (actual.length === wanted.length || actual.charCodeAt(wanted.length) === 0x2f)
    },
    describe,
  }
}

function compileHeader(header: HeaderMatch, regex: RegexEngine): Condition {
  const text = compileString(header.match, regex)
  const { name, invert } = header
  const describe = (): string => `header ${name} ${invert ? 'not ' : ''}${describeString(header.match)}`
  if (header.match.kind === 'present') {
    return { test: (request) => (headerOf(request, name) === undefined) === invert, describe }
  }
  if (!invert) return { test: (request) => anyLine(headerOf(request, name), text), describe }
  // Envoy "treat_missing_header_as_empty", as Istio's withoutHeaders sets it
  return { test: (request) => !anyLine(headerOf(request, name) ?? '', text), describe }
}

function compileQuery(parameter: QueryParameterMatch, regex: RegexEngine): Condition {
  const text = compileString(parameter.match, regex)
  const present = parameter.match.kind === 'present'
  return {
    test: (request) => {
      const value = queryValue(request.query, parameter.name)
      return value !== undefined && (present || text(value))
    },
    describe: () => `query parameter ${parameter.name} ${describeString(parameter.match)}`,
  }
}

type TextTest = (text: string) => boolean

function compileString(match: StringMatch, regex: RegexEngine): TextTest {
  switch (match.kind) {
    case 'exact':
      return (text) => text === match.value
    case 'prefix':
      return (text) => text.startsWith(match.value)
    case 'suffix':
      return (text) => text.endsWith(match.value)
    case 'contains':
      return (text) => text.includes(match.value)
    case 'regex': {
      const compiled: CompiledRegex = regex.compile(match.value)
      return (text) => compiled.matches(text)
    }
    case 'present':
      return () => true
  }
}

function describeString(match: StringMatch): string {
  return match.kind === 'present' ? 'present' : `${match.kind} ${JSON.stringify(match.value)}`
}

function headerOf(request: Matchable, name: string): HeaderLines {
  if (name.charCodeAt(0) !== 0x3a) return request.view.header(name)
  switch (name) {
    case ':method':
      return request.view.method
    case ':scheme':
      return request.view.scheme
    case ':authority':
      return request.view.authority
    case ':path':
      return request.query === undefined ? request.path : `${request.path}?${request.query}`
    default:
      return undefined
  }
}

/** Since Envoy 1.39 each line is tested on its own and any may match. */
function anyLine(lines: HeaderLines, test: TextTest): boolean {
  if (lines === undefined) return false
  if (typeof lines === 'string') return test(lines)
  for (const line of lines) if (test(line)) return true
  return false
}

/** Raw value of the first parameter with this raw key; `?k` and `?k=` give the empty string. */
export function queryValue(query: string | undefined, name: string): string | undefined {
  if (query === undefined) return undefined
  let start = 0
  while (start <= query.length) {
    let end = query.indexOf('&', start)
    if (end === -1) end = query.length
    const length = start + name.length
    if (query.startsWith(name, start) && length <= end) {
      if (length === end) return ''
      if (query.charCodeAt(length) === 0x3d) return query.slice(length + 1, end)
    }
    start = end + 1
  }
  return undefined
}

function lowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

function same(text: string): string {
  return text
}
