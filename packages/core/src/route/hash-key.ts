// The hash of a request, by the policies of its route: what consistent balancers turn on. Asked once per call.
// Source: Envoy HashPolicyImpl. Header values are hashed as the bytes they are on the wire, one character each.
import { type Hash64, xxHash64 } from '../base/hash.ts'
import type { Random } from '../base/random.ts'
import type { HashPolicy } from '../model/policy.ts'
import { type Affinity, type AffinityCookie, cookieIn, makeCookie } from './affinity.ts'
import { pseudoHeader, queryValue } from './matchers.ts'
import type { HeaderLines, Matchable } from './request-view.ts'

/** The hash, and the cookies that the request should have brought. */
export class RequestHash implements Hash64 {
  high = 0
  low = 0
  /** Undefined: none. */
  cookies: AffinityCookie[] | undefined = undefined
}

/**
 * @param told hears what each policy that was asked found; for explain
 * @returns undefined when no policy found anything
 */
export function hashRequest(
  policies: readonly HashPolicy[],
  request: Matchable,
  affinity: Affinity,
  random: Random,
  told?: (policy: HashPolicy, found: HeaderLines, cookie: AffinityCookie | undefined) => void,
): RequestHash | undefined {
  let hash: RequestHash | undefined
  for (const policy of policies) {
    let found = valueOf(policy, request, affinity)
    let cookie: AffinityCookie | undefined
    if (found === undefined && policy.kind === 'cookie' && policy.ttlMs !== undefined) {
      cookie = affinity.cookieOf(request.view.authority, policy) ?? makeCookie(policy, random)
      found = cookie.value
    }
    told?.(policy, found, cookie)
    if (found !== undefined) {
      hash ??= new RequestHash()
      combine(hash, found)
      if (cookie !== undefined) (hash.cookies ??= []).push(cookie)
    }
    if (policy.terminal === true && hash !== undefined) break
  }
  return hash
}

/** For people: 16 hex digits. */
export function hexOf({ high, low }: Readonly<Hash64>): string {
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0')
}

function valueOf(policy: HashPolicy, request: Matchable, affinity: Affinity): HeaderLines {
  switch (policy.kind) {
    case 'header':
      return headerLines(policy.name, request)
    case 'cookie':
      return cookieIn(request.view.header('cookie'), policy.name)
    case 'queryParameter':
      return queryValue(request.query, policy.name)
    case 'sourceIp':
      return affinity.address
  }
}

function headerLines(name: string, request: Matchable): HeaderLines {
  if (name.startsWith(':')) return pseudoHeader(name, request)
  if (name === 'host') return request.view.authority
  const lines = request.view.header(name)
  return lines?.length === 0 && typeof lines !== 'string' ? undefined : lines
}

/** What was there is turned by one bit, so that equal values do not cancel each other out. */
function combine(hash: RequestHash, found: string | readonly string[]): void {
  one.high = 0
  one.low = 0
  if (typeof found === 'string') xxHash64(found, one)
  else for (const line of [...found].sort()) xxHash64(line, one, one)
  const { high, low } = hash
  hash.high = (((high << 1) | (low >>> 31)) ^ one.high) >>> 0
  hash.low = (((low << 1) | (high >>> 31)) ^ one.low) >>> 0
}

const one: Hash64 = { high: 0, low: 0 }
