// Hash keys of consistent hashing: said by the destination's rule, carried by the route.
import type { HashPolicy } from '@proxyless/core/spi'
import type { LoadBalancerSpec } from '../schema/traffic-policy.ts'

export function hashPolicyOf(balancing: LoadBalancerSpec | undefined): HashPolicy | undefined {
  const hash = balancing?.consistentHash
  if (hash === undefined) return undefined
  if (hash.httpHeaderName !== undefined) return { kind: 'header', name: hash.httpHeaderName.toLowerCase() }
  if (hash.httpQueryParameterName !== undefined) return { kind: 'queryParameter', name: hash.httpQueryParameterName }
  if (hash.useSourceIp === true) return { kind: 'sourceIp' }
  const cookie = hash.httpCookie
  if (cookie === undefined) return undefined
  return {
    kind: 'cookie',
    name: cookie.name,
    ...(cookie.ttl === undefined ? {} : { ttlMs: cookie.ttl }),
    ...(cookie.path === undefined ? {} : { path: cookie.path }),
    attributes: (cookie.attributes ?? []).map(({ name, value }) => ({ name, value: value ?? '' })),
  }
}
