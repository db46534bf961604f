// Matchers of texts, headers and query parameters.
import type { HeaderMatch, QueryParameterMatch, StringMatch } from '@proxyless/core/spi'
import type { HeaderMatcher, QueryParameterMatcher } from '../generated/envoy/config/route/v3/route_components.ts'
import type { StringMatcher } from '../generated/envoy/type/matcher/v3/string.ts'
import { rangePattern } from './integer-range.ts'
import type { Reading } from './reading.ts'

const nothing: StringMatch = { kind: 'regex', value: '[^\\s\\S]' }

function readStringMatch(reading: Reading, path: string, matcher: StringMatcher | undefined): StringMatch {
  const pattern = matcher?.matchPattern
  switch (pattern?.$case) {
    case 'exact':
      return fold(matcher, { kind: 'exact', value: pattern.value })
    case 'prefix':
    case 'suffix':
    case 'contains':
      if (pattern.value === '') reading.refuse(path, `an empty ${pattern.$case}`)
      return fold(matcher, { kind: pattern.$case, value: pattern.value })
    case 'safeRegex':
      return { kind: 'regex', value: reading.regex(path, pattern.value) }
    case 'custom':
    case undefined:
      reading.refuse(path, 'a matcher of no known kind')
      return nothing
  }
}

/** All must hold: what is inverted needs its header too, unless a missing one is to be taken as empty. */
export function readHeaderMatch(reading: Reading, path: string, matcher: HeaderMatcher): HeaderMatch[] {
  const { headerMatchSpecifier: said, treatMissingHeaderAsEmpty: asEmpty } = matcher
  const match = readOne(reading, path, matcher)
  const value = said !== undefined && said.$case !== 'presentMatch'
  if (value && asEmpty && !match.invert && matchesEmpty(reading, match.match)) {
    reading.note(`${path}.treat_missing_header_as_empty`, 'is not applied: a missing header does not match')
  }
  if (!value || !match.invert || asEmpty) return [match]
  return [{ name: match.name, match: { kind: 'present' }, invert: false }, match]
}

function matchesEmpty(reading: Reading, match: StringMatch): boolean {
  if (match.kind === 'regex') return reading.options.regex.compile(match.value).matches('')
  return match.kind === 'exact' && match.value === ''
}

function readOne(reading: Reading, path: string, matcher: HeaderMatcher): HeaderMatch {
  const { headerMatchSpecifier: said, invertMatch: invert } = matcher
  const name = matcher.name.toLowerCase()
  if (name === '') reading.refuse(path, 'a header without a name')
  const plain = (kind: 'exact' | 'prefix' | 'suffix' | 'contains', value: string): HeaderMatch => {
    if (value === '' && kind !== 'exact') reading.refuse(path, `an empty ${kind}`)
    return { name, match: { kind, value }, invert }
  }
  switch (said?.$case) {
    case 'exactMatch':
      return plain('exact', said.value)
    case 'prefixMatch':
      return plain('prefix', said.value)
    case 'suffixMatch':
      return plain('suffix', said.value)
    case 'containsMatch':
      return plain('contains', said.value)
    case 'safeRegexMatch':
      return { name, match: { kind: 'regex', value: reading.regex(path, said.value) }, invert }
    case 'stringMatch':
      return { name, match: readStringMatch(reading, path, said.value), invert }
    case 'presentMatch':
      return { name, match: { kind: 'present' }, invert: said.value ? invert : !invert }
    case 'rangeMatch': {
      const pattern = rangePattern(said.value.start, said.value.end)
      return { name, match: pattern === undefined ? nothing : { kind: 'regex', value: pattern }, invert }
    }
    case undefined:
      if (reading.options.dialect === 'api') reading.refuse(path, 'a header matcher of no known kind')
      return { name, match: { kind: 'present' }, invert }
  }
}

export function readQueryMatch(reading: Reading, path: string, matcher: QueryParameterMatcher): QueryParameterMatch {
  const { name, queryParameterMatchSpecifier: said } = matcher
  if (said?.$case === 'stringMatch') return { name, match: readStringMatch(reading, path, said.value) }
  return { name, match: { kind: 'present' } }
}

/** The engine compares texts as they are: without case they become patterns. */
function fold(matcher: StringMatcher | undefined, match: StringMatch & { readonly value: string }): StringMatch {
  if (matcher?.ignoreCase !== true) return match
  const text = match.value.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  const before = match.kind === 'suffix' || match.kind === 'contains' ? '.*' : ''
  const after = match.kind === 'prefix' || match.kind === 'contains' ? '.*' : ''
  return { kind: 'regex', value: `(?is)${before}${text}${after}` }
}
