// What a request must look like: matchers as they were said, in the field's words.
// Plain data; compiled by route/.

import type { FractionalPercent } from './policy.ts'

export type StringMatch =
  | { readonly kind: 'exact'; readonly value: string }
  | { readonly kind: 'prefix'; readonly value: string }
  | { readonly kind: 'suffix'; readonly value: string }
  | { readonly kind: 'contains'; readonly value: string }
  /** RE2, whole text. */
  | { readonly kind: 'regex'; readonly value: string }
  | { readonly kind: 'present' }

/** Path without query. `ignoreCase` compares ASCII letters only and never applies to `regex`. */
export type PathMatch =
  | { readonly kind: 'prefix'; readonly value: string; readonly ignoreCase: boolean }
  | { readonly kind: 'exact'; readonly value: string; readonly ignoreCase: boolean }
  /** A prefix that ends at the end of the path or at a `/`. */
  | { readonly kind: 'separatedPrefix'; readonly value: string; readonly ignoreCase: boolean }
  | { readonly kind: 'regex'; readonly value: string }

/** `name` is lower case; `:method`, `:scheme` and `:authority` are the pseudo headers. */
export interface HeaderMatch {
  readonly name: string
  readonly match: StringMatch
  /** True: the matcher must not match. An absent header counts as absent for `present`, else as the empty string. */
  readonly invert: boolean
}

/** Raw, undecoded key and value; the first occurrence counts. */
export interface QueryParameterMatch {
  readonly name: string
  readonly match: StringMatch
}

/** All conditions must hold. */
export interface RouteMatch {
  readonly path: PathMatch
  readonly headers: readonly HeaderMatch[]
  readonly queryParameters: readonly QueryParameterMatch[]
  /** Only for such a share of requests. Default all. */
  readonly share?: FractionalPercent
}
