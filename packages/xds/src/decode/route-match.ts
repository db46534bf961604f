// Which requests a route is for.
import type { PathMatch, RouteMatch } from '@proxyless/core/spi'
import type { RouteMatch as WireMatch } from '../generated/envoy/config/route/v3/route_components.ts'
import { fractionOf } from './percent.ts'
import type { Reading } from './reading.ts'
import { readHeaderMatch, readQueryMatch } from './string-match.ts'

/** Undefined: the route is left out, because it can never match or because nobody could say when it does. */
export function readRouteMatch(reading: Reading, path: string, match: WireMatch | undefined): RouteMatch | undefined {
  if (match === undefined) {
    reading.refuse(path, 'a route without a match')
    return undefined
  }
  const where = readPath(reading, `${path}.path`, match)
  const fraction = fractionOf(match.runtimeFraction?.defaultValue)
  if (fraction === undefined) reading.refuse(`${path}.runtime_fraction`, 'an unknown denominator')
  for (const [field, said] of [
    ['dynamic_metadata', match.dynamicMetadata.length > 0],
    ['tls_context', match.tlsContext !== undefined],
  ] as const) {
    if (!said) continue
    reading.note(`${path}.${field}`, 'a condition that a client cannot look at; the route is left out')
    return undefined
  }
  const grpc = match.grpc === undefined ? [] : [grpcOnly]
  return where === undefined
    ? undefined
    : {
        path: where,
        headers: [
          ...match.headers.flatMap((each, n) => readHeaderMatch(reading, `${path}.headers[${n}]`, each)),
          ...grpc,
        ],
        queryParameters: match.queryParameters.map((each, n) =>
          readQueryMatch(reading, `${path}.query_parameters[${n}]`, each),
        ),
        ...(match.runtimeFraction === undefined || fraction === undefined || fraction.numerator >= 1_000_000
          ? {}
          : { share: fraction }),
      }
}

const grpcOnly = {
  name: 'content-type',
  match: { kind: 'regex', value: 'application/grpc(\\+.*)?' },
  invert: false,
} as const

function readPath(reading: Reading, path: string, match: WireMatch): PathMatch | undefined {
  const { pathSpecifier: said, caseSensitive } = match
  const ignoreCase = caseSensitive === false
  switch (said?.$case) {
    case 'prefix':
      return { kind: 'prefix', value: said.value, ignoreCase }
    case 'path':
      return { kind: 'exact', value: said.value, ignoreCase }
    case 'pathSeparatedPrefix':
      return { kind: 'separatedPrefix', value: said.value, ignoreCase }
    case 'safeRegex':
      return { kind: 'regex', value: reading.regex(path, said.value) }
    case 'connectMatcher':
    case 'pathMatchPolicy':
      reading.note(path, 'a kind of path that is not applied; the route is left out')
      return undefined
    case undefined:
      reading.refuse(path, 'a match without a path')
      return undefined
  }
}
