// Compiles what happens to the path and the host on their way out. Header operations live in header-plan.
import type { CompiledRegex, RegexEngine } from '../base/regex.ts'
import type { PathMatch } from '../model/match.ts'
import type { HostRewrite, PathRewrite } from '../model/route.ts'

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

/** What the host becomes; undefined: it stays. */
export interface AuthorityPlan {
  /** It is the name of each attempt's endpoint. */
  readonly endpoint: boolean
  of(request: HostSource): string | undefined
}

interface HostSource {
  /** As it came, without query. */
  readonly path: string
  /** As it is sent. */
  requestHeader(name: string): string | undefined
}

/** Envoy "host_rewrite_header", "host_rewrite_path_regex" and "auto_host_rewrite". */
export function compileAuthority(rewrite: HostRewrite, regex: RegexEngine): AuthorityPlan {
  switch (rewrite.kind) {
    case 'endpoint':
      return { endpoint: true, of: () => undefined }
    case 'header':
      return { endpoint: false, of: (request) => request.requestHeader(rewrite.name) || undefined }
    case 'path': {
      const compiled = regex.compile(rewrite.pattern)
      return { endpoint: false, of: ({ path }) => compiled.replaceAll(path, rewrite.substitution) }
    }
  }
}
