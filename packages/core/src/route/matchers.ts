// Compiles what a request must look like into conditions that say yes or no, and can say why not.
// Conditions are plain data read by one hot function: a table of closures would be called megamorphically.
import type { CompiledRegex, RegexEngine } from '../base/regex.ts'
import type { HeaderMatch, PathMatch, QueryParameterMatch, RouteMatch, StringMatch } from '../model/match.ts'
import { nameBit } from './header-list.ts'
import type { Matchable } from './request-view.ts'

/** One thing that must hold. */
export interface Condition {
  readonly subject: 'path' | 'header' | 'pseudoHeader' | 'query' | 'dice'
  /** Of the header or query parameter; empty for the path. */
  readonly name: string
  readonly operator: StringMatch['kind'] | 'separatedPrefix'
  /** What is compared with, in lower case where `ignoreCase`. */
  readonly value: string
  /** How `holds` tests it. */
  readonly way: Way
  /** Of the header's name. */
  readonly nameBit: number
  /** Text that every path begins with for which it holds; empty where that is not known. */
  readonly literalStart: string
  readonly regex: CompiledRegex | undefined
  /** ASCII letters only. */
  readonly ignoreCase: boolean
  readonly invert: boolean
  /** Whether it holds where the header or parameter is missing. */
  readonly withoutValue: boolean
}

/** The commonest conditions have ways of their own; a number, because that is the cheapest thing to branch on. */
type Way =
  | typeof pathPrefix
  | typeof pathExact
  | typeof pathRegex
  | typeof otherPath
  | typeof header
  | typeof query
  | typeof pseudo
const pathPrefix = 0
const pathExact = 1
const pathRegex = 2
const otherPath = 3
const header = 4
const query = 5
const pseudo = 6

/** A compiled RouteMatch: the path first, then the rest in the order said. */
export interface CompiledMatch {
  readonly path: PathMatch
  readonly conditions: readonly Condition[]
}

export function compileMatch(match: RouteMatch, regex: RegexEngine): CompiledMatch {
  const { path, headers, queryParameters, share } = match
  return {
    path,
    conditions: [
      ...(matchesEveryPath(path) ? [] : [compilePath(path, regex)]),
      ...headers.map((header) => compileHeader(header, regex)),
      ...queryParameters.map((parameter) => compileQuery(parameter, regex)),
      ...(share === undefined ? [] : [condition('dice', '', 'present', String(share.numerator), regex, false, false)]),
    ],
  }
}

/** The first condition that does not hold, or undefined when all do. */
export function firstMiss(match: CompiledMatch, request: Matchable): Condition | undefined {
  const { conditions } = match
  for (let i = 0; i < conditions.length; i++) {
    const condition = conditions[i]
    if (condition !== undefined && !holds(condition, request)) return condition
  }
  return undefined
}

/** For people: `header end-user exact "jason"`. */
export function describeCondition({ subject, name, operator, value, ignoreCase, invert }: Condition): string {
  if (subject === 'dice') return `share of ${Number(value) / 10_000} % of requests`
  const what = {
    path: 'path',
    header: `header ${name}`,
    pseudoHeader: `header ${name}`,
    query: `query parameter ${name}`,
  }
  const how = operator === 'present' ? 'present' : `${operator} ${JSON.stringify(value)}`
  return `${what[subject]} ${invert ? 'not ' : ''}${how}${ignoreCase ? ' (ignore case)' : ''}`
}

export function holds(condition: Condition, request: Matchable): boolean {
  const { way } = condition
  if (way <= otherPath) return holdsOfPath(condition, request.path)
  if (way === query && request.query === undefined) return condition.withoutValue
  if (way === header && (request.view.headerBits & condition.nameBit) === 0) return condition.withoutValue
  const lines = way === header ? request.view.header(condition.name) : valueElsewhere(condition, request)
  if (lines === undefined) return condition.withoutValue
  const held = typeof lines === 'string' ? compare(condition, lines) : anyLine(condition, lines)
  return held !== condition.invert
}

function holdsOfPath(condition: Condition, path: string): boolean {
  const { way, value, literalStart } = condition
  if (way === pathExact) return path.length === value.length && path === value
  if (path.length < literalStart.length) return false
  // `startsWith` compares letter by letter
  if (way !== otherPath && path.substring(0, literalStart.length) !== literalStart) return false
  return way === pathPrefix || compare(condition, path)
}

function valueElsewhere({ subject, name, value }: Condition, request: Matchable): string | undefined {
  if (subject === 'dice') return request.dice() < Number(value) ? '' : undefined
  return subject === 'query' ? queryValue(request.query, name) : pseudoHeader(name, request)
}

function compare(condition: Condition, given: string): boolean {
  const { value } = condition
  const text = condition.ignoreCase ? lowerAscii(given) : given
  switch (condition.operator) {
    case 'prefix':
      return text.startsWith(value)
    case 'exact':
      return text === value
    case 'regex':
      return condition.regex !== undefined && condition.regex.matches(text)
    case 'separatedPrefix':
      return text.startsWith(value) && (text.length === value.length || text.charCodeAt(value.length) === 0x2f)
    case 'suffix':
      return text.endsWith(value)
    case 'contains':
      return text.includes(value)
    case 'present':
      return true
  }
}

/** Since Envoy 1.39 each line is tested on its own and any may match. */
function anyLine(condition: Condition, lines: readonly string[]): boolean {
  for (const line of lines) if (compare(condition, line)) return true
  return false
}

export function pseudoHeader(name: string, request: Matchable): string | undefined {
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

function matchesEveryPath(path: PathMatch): boolean {
  return path.kind === 'prefix' && (path.value === '/' || path.value === '')
}

function compilePath(path: PathMatch, regex: RegexEngine): Condition {
  const ignoreCase = path.kind !== 'regex' && path.ignoreCase
  const value = ignoreCase ? lowerAscii(path.value) : path.value
  return condition('path', '', path.kind, value, regex, ignoreCase, false)
}

function compileHeader({ name, match, invert }: HeaderMatch, regex: RegexEngine): Condition {
  const subject = name.startsWith(':') ? 'pseudoHeader' : 'header'
  return condition(subject, name, match.kind, valueOf(match), regex, false, invert)
}

function compileQuery({ name, match }: QueryParameterMatch, regex: RegexEngine): Condition {
  return condition('query', name, match.kind, valueOf(match), regex, false, false)
}

function valueOf(match: StringMatch): string {
  return match.kind === 'present' ? '' : match.value
}

/** The only place that makes conditions, so that all have one shape. */
function condition(
  subject: Condition['subject'],
  name: string,
  operator: Condition['operator'],
  value: string,
  engine: RegexEngine,
  ignoreCase: boolean,
  invert: boolean,
): Condition {
  const regex = operator === 'regex' ? engine.compile(value) : undefined
  const way = wayOf(subject, operator, ignoreCase)
  const made = {
    subject,
    name,
    operator,
    value,
    way,
    nameBit: nameBit(name),
    literalStart: startOf(way, value),
    regex,
    ignoreCase,
    invert,
    withoutValue: false,
  }
  // Envoy "treat_missing_header_as_empty", as Istio's withoutHeaders sets it
  made.withoutValue = invert && (operator === 'present' || !compare(made, ''))
  return made
}

function startOf(way: Way, value: string): string {
  if (way === pathRegex) return literalStart(value)
  return way === pathPrefix ? value : ''
}

function wayOf(subject: Condition['subject'], operator: Condition['operator'], ignoreCase: boolean): Way {
  if (subject === 'header') return header
  if (subject === 'query') return query
  if (subject === 'pseudoHeader' || subject === 'dice') return pseudo
  if (operator === 'regex') return pathRegex
  if (operator === 'prefix' && !ignoreCase) return pathPrefix
  return operator === 'exact' && !ignoreCase ? pathExact : otherPath
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

/** The literal beginning of a regular expression. */
export function literalStart(pattern: string): string {
  const literal = /^[A-Za-z0-9/_\-~!@&=:,; ]*/.exec(pattern)?.[0] ?? ''
  if (pattern.includes('|')) return ''
  // the last literal belongs to a quantifier that may make it optional
  return /^[*?{]/.test(pattern.slice(literal.length)) ? literal.slice(0, -1) : literal
}
