// Compiles what happens to the path on its way out. Header operations live in header-plan.
import type { CompiledRegex, RegexEngine } from '../base/regex.ts'
import type { PathMatch } from '../model/match.ts'
import type { PathRewrite } from '../model/route.ts'

/** Path without query in, path without query out. */
export type PathPlan = (path: string) => string

export function compilePathRewrite(rewrite: PathRewrite, match: PathMatch, regex: RegexEngine): PathPlan {
  if (rewrite.kind === 'regex') {
    const compiled: CompiledRegex = regex.compile(rewrite.pattern)
    return (path) => compiled.replaceAll(path, rewrite.substitution)
  }
  return replaceMatched(match, rewrite.value)
}

/** Replaces the matched prefix by its length, or the whole path where the match was whole (Envoy "prefix_rewrite"). */
export function replaceMatched(match: PathMatch, replacement: string): PathPlan {
  if (match.kind === 'exact' || match.kind === 'regex') return () => replacement
  const matched = match.value.length
  return (path) => replacement + path.slice(matched)
}
