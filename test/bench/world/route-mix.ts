// A long table of routes in equal parts: prefix, exact path, regular expression, prefix with a header; and requests to it.
import { nameBits, type RequestView, type RouteMatch, type RouteTable } from '@proxyless/core/spi'
import { requestHeaders } from './reviews.ts'

/** What a RouteTable looks at. */
export type Matchable = Parameters<RouteTable<number>['find']>[0]

const kinds = ['prefix', 'exact', 'regex', 'header'] as const
type Kind = (typeof kinds)[number]

/** The kind of a position is `kinds[position % 4]`. */
export function mixedMatches(count: number): RouteMatch[] {
  return Array.from({ length: count }, (_, position) => matchAt(position))
}

function matchAt(position: number): RouteMatch {
  const kind = kindAt(position)
  const tenant = { name: 'x-tenant', match: { kind: 'exact', value: 'acme' }, invert: false } as const
  return { path: pathAt(kind, baseOf(position)), headers: kind === 'header' ? [tenant] : [], queryParameters: [] }
}

function pathAt(kind: Kind, base: string): RouteMatch['path'] {
  if (kind === 'exact') return { kind, value: `${base}/status`, ignoreCase: false }
  if (kind === 'regex') return { kind, value: `${base}/users/[^/]+/orders/[0-9]+` }
  return { kind: 'prefix', value: `${base}/`, ignoreCase: false }
}

function kindAt(position: number): Kind {
  return kinds[position % kinds.length] as Kind
}

/** A request that the route at a position is the first to match. */
export function requestTo(position: number): Matchable {
  const rest = kindAt(position) === 'exact' ? 'status' : 'users/alice/orders/17'
  return requestFor(`${baseOf(position)}/${rest}`)
}

function baseOf(position: number): string {
  return `/api/v1/service-${position}`
}

/** With the headers that all benches send. */
export function requestFor(path: string): Matchable {
  return { view: new PathView(path), path, query: undefined, dice: () => 0 }
}

const bits = nameBits(Object.entries(requestHeaders).flat())

class PathView implements RequestView {
  readonly scheme = 'http'
  readonly authority = 'reviews.bench:9080'
  readonly hostname = 'reviews.bench'
  readonly port = 9_080
  readonly method = 'GET'
  readonly target: string
  readonly headerBits: number = bits

  constructor(target: string) {
    this.target = target
  }

  header(name: string): string | undefined {
    return requestHeaders[name]
  }
}
