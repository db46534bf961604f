// Regular expressions come in by the door: documents' patterns meet text that callers choose, so the engine must be linear.
// The core never builds a RegExp from configuration itself.

/** One compiled pattern with RE2 semantics. */
export interface CompiledRegex {
  /** True when the pattern matches the whole text. */
  matches(text: string): boolean
  /** Replaces all non-overlapping matches; `\0` to `\9` in the rewrite stand for groups: empty where they took no part, nothing is replaced where there is none. */
  replaceAll(text: string, rewrite: string): string
}

/** Compiles RE2 patterns; matching takes time linear in the text. */
export interface RegexEngine {
  /** @throws Error with a readable reason when the pattern is not valid RE2 (lookaround, backreference, syntax). */
  compile(pattern: string): CompiledRegex
}
