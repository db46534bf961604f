// Route matchers -> Envoy's RouteMatch.
import type { HeaderMatch, PathMatch, QueryParameterMatch, RouteMatch, StringMatch } from '@proxyless/core/spi'
import { fraction, given, type Json } from './values.ts'

export function matchOf({ path, headers, queryParameters, share }: RouteMatch): Json {
  return {
    ...pathOf(path),
    ...(headers.length > 0 && { headers: headers.map(headerOf) }),
    ...(queryParameters.length > 0 && { query_parameters: queryParameters.map(queryOf) }),
    ...given('runtime_fraction', share, (of) => ({ default_value: fraction(of) })),
  }
}

function pathOf(path: PathMatch): Json {
  switch (path.kind) {
    case 'prefix':
      return { prefix: path.value, case_sensitive: !path.ignoreCase }
    case 'exact':
      return { path: path.value, case_sensitive: !path.ignoreCase }
    case 'separatedPrefix':
      return { path_separated_prefix: path.value, case_sensitive: !path.ignoreCase }
    case 'regex':
      return { safe_regex: { regex: path.value } }
  }
}

/** An inverted value matcher takes a missing header as empty, as Istio's withoutHeaders has it. */
function headerOf({ name, match, invert }: HeaderMatch): Json {
  return {
    name,
    ...valueOf(match),
    ...(invert && { invert_match: true, treat_missing_header_as_empty: match.kind !== 'present' }),
  }
}

function queryOf({ name, match }: QueryParameterMatch): Json {
  return { name, ...valueOf(match) }
}

function valueOf(match: StringMatch): Json {
  if (match.kind === 'present') return { present_match: true }
  const text = match.kind === 'regex' ? { safe_regex: { regex: match.value } } : { [match.kind]: match.value }
  return { string_match: text }
}
