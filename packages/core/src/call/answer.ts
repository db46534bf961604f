// Routes that the mesh answers itself: redirects and direct responses.
import type { PathMatch } from '../model/match.ts'
import { redirectLocation } from '../route/redirect.ts'
import type { Call } from './conduct.ts'
import type { LocalReply } from './local-reply.ts'
import type { AnswerPlan } from './plan.ts'

export function answerOf(plan: AnswerPlan, match: PathMatch, call: Call): LocalReply {
  const { action } = plan
  const base = { code: undefined, flag: '', details: 'direct_response' }
  const reply: LocalReply =
    action.kind === 'redirect'
      ? { ...base, status: action.status, body: '', headers: ['location', redirectLocation(action, match, call)] }
      : { ...base, status: action.status, body: action.body ?? '', headers: [] }
  for (const level of plan.responsePlans) level.apply(reply.headers, call)
  return reply
}
