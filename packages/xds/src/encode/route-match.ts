// Which requests a route is for -> RouteMatch.
import type { HeaderMatch, PathMatch, QueryParameterMatch, RouteMatch, StringMatch } from '@proxyless/core/spi'
import type { RouteMatch as Wire } from '../generated/envoy/config/route/v3/route_components.ts'
import type { EncoderOptions } from './encoder.ts'
import { fraction, given } from './values.ts'

type Fields = Parameters<typeof Wire.fromPartial>[0]

export function writeMatch(match: RouteMatch, dialect: EncoderOptions['dialect']): Fields {
  return {
    ...pathOf(match.path, dialect),
    headers: match.headers.map(headerOf),
    queryParameters: match.queryParameters.map(queryOf),
    ...given('runtimeFraction', match.share, (share) => ({ defaultValue: fraction(share) })),
  }
}

/** gRPC refuses all routes where one has a kind of path that it does not know. */
function isKnownToGrpc({ kind }: PathMatch): boolean {
  return kind !== 'separatedPrefix'
}

function pathOf(path: PathMatch, dialect: EncoderOptions['dialect']): Fields {
  if (dialect === 'api' && !isKnownToGrpc(path)) return regex(separated(path))
  switch (path.kind) {
    case 'prefix':
      return { pathSpecifier: { $case: 'prefix', value: path.value }, ...caseOf(path.ignoreCase) }
    case 'exact':
      return { pathSpecifier: { $case: 'path', value: path.value }, ...caseOf(path.ignoreCase) }
    case 'separatedPrefix':
      return { pathSpecifier: { $case: 'pathSeparatedPrefix', value: path.value }, ...caseOf(path.ignoreCase) }
    case 'regex':
      return regex(path.value)
  }
}

function caseOf(ignoreCase: boolean): Fields {
  return ignoreCase ? { caseSensitive: false } : {}
}

function regex(pattern: string): Fields {
  return { pathSpecifier: { $case: 'safeRegex', value: { regex: pattern } } }
}

/** The same paths as a pattern. */
function separated(path: PathMatch): string {
  const literal = path.value.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  return `${'ignoreCase' in path && path.ignoreCase ? '(?i)' : ''}${literal}(?:/.*)?`
}

/** An inverted matcher takes a missing header as empty, as Istio's withoutHeaders has it. */
function headerOf({ name, match, invert }: HeaderMatch): NonNullable<Fields['headers']>[number] {
  if (match.kind === 'present') {
    return { name, headerMatchSpecifier: { $case: 'presentMatch', value: true }, invertMatch: invert }
  }
  return {
    name,
    headerMatchSpecifier: { $case: 'stringMatch', value: textOf(match) },
    invertMatch: invert,
    treatMissingHeaderAsEmpty: invert,
  }
}

function queryOf({ name, match }: QueryParameterMatch): NonNullable<Fields['queryParameters']>[number] {
  if (match.kind === 'present') return { name, queryParameterMatchSpecifier: { $case: 'presentMatch', value: true } }
  return { name, queryParameterMatchSpecifier: { $case: 'stringMatch', value: textOf(match) } }
}

function textOf(match: Exclude<StringMatch, { kind: 'present' }>): object {
  if (match.kind === 'regex') return { matchPattern: { $case: 'safeRegex', value: { regex: match.value } } }
  return { matchPattern: { $case: match.kind, value: match.value } }
}
