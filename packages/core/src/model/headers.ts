// Header operations as they were said. Plain data; compiled by route/rewrite.

/** A header and its value; the value may hold `%REQ(name)%`, `%PROTOCOL%`, `%START_TIME%`, `%UPSTREAM_CLUSTER%` and `%%`. */
export interface HeaderValue {
  /** Lower case. */
  readonly name: string
  readonly value: string
  /** Only where the header is there, or is not, once the level has removed its own. Default: always. */
  readonly when?: 'present' | 'absent'
  /** A value that comes out empty is sent; else it is skipped. */
  readonly keepEmpty?: true
}

/** One level of operations. Order: all removes, then sets, then adds (Envoy, "Custom request/response headers"). */
export interface HeaderMutation {
  readonly remove: readonly string[]
  readonly set: readonly HeaderValue[]
  readonly add: readonly HeaderValue[]
}
