// What policy may read of a request. A thin view that a traffic door lays over its native object.
// Not the request itself: what is sent is edited by route/rewrite.

/** The values of a header: one line, several lines, or absent. */
export type HeaderLines = string | readonly string[] | undefined

export interface RequestView {
  readonly scheme: 'http' | 'https'
  /** Host as it would be sent: with the port when the URL shows one. */
  readonly authority: string
  /** Name or address in the URL, without brackets: where a request that passes through is sent, whatever its Host says. */
  readonly hostname: string
  /** Port of the URL. */
  readonly port: number
  /** What a source is asked for where nobody claims the request, if it is not host and port. */
  readonly wanted?: string | undefined
  readonly method: string
  /** Path and query as given. */
  readonly target: string
  /** `nameBits` of its headers: most conditions and control headers ask for one that is not there. */
  readonly headerBits: number
  /** `name` is lower case. */
  header(name: string): HeaderLines
}

/** A request whose path is prepared; what matchers look at. */
export interface Matchable {
  readonly view: RequestView
  /** Prepared path without query. */
  readonly path: string
  /** Query without `?`; undefined when there is none. */
  readonly query: string | undefined
  /** Of a million, drawn once: a request fares alike in all routes that are for a share of requests. */
  dice(): number
}
