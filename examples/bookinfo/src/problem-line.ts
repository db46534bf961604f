// The latest refusal of a document in one line, for the live table.
import type { Problem } from 'proxyless'

/** Empty when nothing is refused. */
export function problemLine(problems: readonly Problem[]): string {
  const refused = problems.filter(({ severity }) => severity === 'error')
  const last = refused.at(-1)
  if (last === undefined) return ''
  const place = [last.source?.split('/').at(-1), last.line, last.column].filter((part) => part !== undefined).join(':')
  const kept = last.outcome === 'kept' ? '; the version before stays' : ''
  const more = refused.length === 1 ? '' : ` (and ${refused.length - 1} more)`
  return `refused ${place} ${last.resource}: ${last.message}${kept}${more}`
}
