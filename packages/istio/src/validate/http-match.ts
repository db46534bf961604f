// What the matchers of a route must satisfy beyond their shape; patterns are compiled once to see that they are RE2.
import type { RegexEngine } from '@proxyless/core/spi'
import { joinPath } from '../documents/path.ts'
import type { Report } from '../findings.ts'
import type { StringMatchSpec } from '../schema/primitives.ts'
import type { HttpMatchSpec } from '../schema/virtual-service.ts'

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT'])
const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i

export function checkHttpMatch(match: HttpMatchSpec, path: string, report: Report, regex: RegexEngine): void {
  for (const field of ['uri', 'scheme', 'method', 'authority'] as const) {
    const value = match[field]
    if (value === undefined) continue
    const at = `${path}.${field}`
    if (!hasCondition(value) && !report.findings.some((finding) => finding.path.startsWith(`${at}.`)))
      report.error('MISSING_FIELD', at, 'needs exact, prefix or regex')
    checkString(value, at, report, regex, field === 'uri')
  }
  checkReach(match, path, report)
  for (const field of ['headers', 'withoutHeaders', 'queryParams'] as const) {
    for (const [name, value] of Object.entries(match[field] ?? {})) {
      const at = joinPath(`${path}.${field}`, name)
      if (field !== 'queryParams') checkHeaderName(name, at, report)
      if (value !== null && !(value.regex === '*' && field !== 'queryParams'))
        checkString(value, at, report, regex, false)
    }
  }
}

/** What is valid, but matches no request that there is. */
function checkReach({ uri, method }: HttpMatchSpec, path: string, report: Report): void {
  const verb = method?.exact
  if (verb !== undefined && verb !== verb.toUpperCase() && METHODS.has(verb.toUpperCase())) {
    const message = `methods are matched letter by letter: "${verb}" matches no request; write ${verb.toUpperCase()}`
    report.warn('MATCH_NEVER', `${path}.method.exact`, message)
  }
  for (const kind of ['exact', 'prefix'] as const) {
    const text = uri?.[kind] ?? ''
    if (text === '' || text.startsWith('/') || text === '*') continue
    report.warn(
      'MATCH_NEVER',
      `${path}.uri.${kind}`,
      `every path begins with a slash: "${text}" matches none; write "/${text}"`,
    )
  }
}

export function checkRegex(pattern: string, path: string, report: Report, regex: RegexEngine): void {
  if (pattern.length > 1024) report.error('REGEX_INVALID', path, 'the pattern is longer than 1024 characters')
  try {
    regex.compile(pattern)
  } catch (error) {
    report.error(
      'REGEX_INVALID',
      path,
      `not a valid RE2 pattern: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

export function isHeaderName(name: string): boolean {
  return TOKEN.test(name)
}

function checkHeaderName(name: string, path: string, report: Report): void {
  if (name.startsWith('@request.auth.claims')) {
    report.warn('UNSUPPORTED_FIELD', path, 'JWT claims exist at gateways only; this match entry never matches')
  } else if (!isHeaderName(name) && ![':method', ':path', ':scheme', ':authority'].includes(name)) {
    report.error('INVALID_VALUE', path, `"${name}" is not a header name`)
  }
}

function hasCondition({ exact, prefix, regex }: StringMatchSpec): boolean {
  return exact !== undefined || prefix !== undefined || regex !== undefined
}

function checkString(
  match: StringMatchSpec,
  path: string,
  report: Report,
  regex: RegexEngine,
  emptyPrefix: boolean,
): void {
  const set = [match.exact, match.prefix, match.regex].filter((value) => value !== undefined)
  if (set.length > 1) report.error('CONFLICTING_FIELDS', path, 'exact, prefix and regex exclude one another')
  if (match.prefix === '' && !emptyPrefix)
    report.error('INVALID_VALUE', `${path}.prefix`, 'an empty prefix matches everything; leave it out')
  if (match.regex === '') report.error('INVALID_VALUE', `${path}.regex`, 'the pattern is empty')
  else if (match.regex !== undefined) checkRegex(match.regex, `${path}.regex`, report, regex)
}
