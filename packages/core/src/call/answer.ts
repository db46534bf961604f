// Routes that the mesh answers itself: redirects and direct responses.
import type { PathMatch } from '../model/match.ts'
import { redirectLocation } from '../route/redirect.ts'
import type { LocalReply } from './local-reply.ts'
import type { Outgoing } from './outgoing.ts'
import type { AnswerPlan } from './plan.ts'

export function answerOf(plan: AnswerPlan, match: PathMatch, request: Outgoing): LocalReply {
  const { action } = plan
  const base =
    action.kind === 'directResponse' && action.unavailable
      ? ({ code: 'CONFIG_UNAVAILABLE', flag: 'NC', details: 'no_configuration' } as const)
      : { code: undefined, flag: '', details: 'direct_response' }
  const reply: LocalReply =
    action.kind === 'redirect'
      ? { ...base, status: action.status, body: '', headers: ['location', redirectLocation(action, match, request)] }
      : { ...base, status: action.status, body: action.body ?? '', headers: ownLocation(action.status, match, request) }
  for (const level of plan.responsePlans) level.apply(reply.headers, request)
  return reply
}

/** Envoy tells where a created or moved resource is: where it was asked for. */
function ownLocation(status: number, match: PathMatch, request: Outgoing): string[] {
  if (status !== 201 && (status < 300 || status > 399)) return []
  return ['location', redirectLocation({ kind: 'redirect', status: 301 }, match, request)]
}
