// Copies of a call for other clusters: sent beside it, never awaited, their answers thrown away.
// Source: Envoy RouteAction.request_mirror_policies.
import { splitAuthority } from '../route/redirect.ts'
import { Call } from './conduct.ts'
import { chance } from './fault.ts'
import type { CallHouse } from './house.ts'
import type { MirrorPlan } from './plan.ts'

/** Draws and sends the copies of a call whose request is complete and prepared. */
export function sendMirrors(call: Call, mirrors: readonly MirrorPlan[], house: CallHouse): void {
  for (const mirror of mirrors) {
    if (!chance(mirror.policy.percent, house.random)) continue
    const authority = mirror.policy.shadowHostSuffix ? shadowed(call.authority) : call.authority
    const copy = call.exchange.copy?.(call.requestPath, call.headers.slice(), authority)
    if (copy === undefined) continue
    const sent = new Call(house, copy, call)
    copy.attach(sent)
    sent.follow(mirror.plan)
  }
}

function shadowed(authority: string): string {
  const { host, port } = splitAuthority(authority)
  return port === '' ? `${host}-shadow` : `${host}-shadow:${port}`
}
