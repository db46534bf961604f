// Copies of a call for other clusters: sent beside it, never awaited, their answers thrown away.
// Source: Envoy RouteAction.request_mirror_policies.
import { splitAuthority } from '../route/redirect.ts'
import { chance, type Random } from '../base/random.ts'
import type { Call } from './conduct.ts'
import type { ForwardPlan, MirrorPlan } from './plan.ts'
import type { Exchange } from './transport.ts'

/** Draws the copies of a call whose request is complete and prepared; `send` takes each on its way. */
export function sendMirrors(
  { request, exchange }: Call,
  mirrors: readonly MirrorPlan[],
  random: Random,
  send: (copy: Exchange, plan: ForwardPlan) => void,
): void {
  for (const mirror of mirrors) {
    if (!chance(mirror.policy.percent, random)) continue
    const authority = mirror.policy.shadowHostSuffix ? shadowed(request.authority) : request.authority
    const copy = exchange.copy?.(request.target, request.headers.slice(), authority)
    if (copy !== undefined) send(copy, mirror.plan)
  }
}

function shadowed(authority: string): string {
  const { host, port } = splitAuthority(authority)
  return port === '' ? `${host}-shadow` : `${host}-shadow:${port}`
}
