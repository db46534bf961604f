// Regular expressions with RE2's semantics and linear time: a plain RegExp where that is proven safe, otherwise re2js.
// Handed into the core by the front door; the only place that makes RegExps out of documents.
import { RE2JS } from 're2js'
import type { CompiledRegex, RegexEngine } from '@proxyless/core/spi'
import { literalTest } from './literal-pattern.ts'
import { safeRegExp } from './safe-pattern.ts'

/** The engine of the process. */
export const regexEngine: RegexEngine = {
  compile(pattern: string): CompiledRegex {
    const literal = literalTest(pattern)
    if (literal !== undefined) return new ProvenRegex(pattern, literal)
    const safe = safeRegExp(pattern)
    return safe === undefined
      ? new LinearRegex(compileRe2(pattern))
      : new ProvenRegex(pattern, (text) => safe.test(text))
  },
}

/** A pattern with a cheaper way to match the whole text. */
class ProvenRegex implements CompiledRegex {
  readonly #pattern: string
  readonly matches: (text: string) => boolean
  #search: CompiledRegex | undefined

  constructor(pattern: string, matches: (text: string) => boolean) {
    this.#pattern = pattern
    this.matches = matches
  }

  replaceAll(text: string, rewrite: string): string {
    // the proof holds for a match of the whole text; a search that starts anywhere is re2js's
    this.#search ??= new LinearRegex(compileRe2(this.#pattern))
    return this.#search.replaceAll(text, rewrite)
  }
}

class LinearRegex implements CompiledRegex {
  readonly #re2: RE2JS

  constructor(re2: RE2JS) {
    this.#re2 = re2
  }

  matches(text: string): boolean {
    return this.#re2.testExact(text)
  }

  /** As RE2::GlobalReplace, which Envoy uses: an empty match right behind another does not count, an unknown group undoes all. */
  replaceAll(text: string, rewrite: string): string {
    const matcher = this.#re2.matcher(text)
    const parts = partsOf(rewrite)
    if (parts.some((part) => typeof part === 'number' && part > this.#re2.groupCount())) return text
    let result = ''
    let end = -1
    while (matcher.find()) {
      const start = matcher.start()
      if (start === end && matcher.end() === end) continue
      result += text.slice(Math.max(0, end), start)
      for (const part of parts) result += typeof part === 'string' ? part : (matcher.group(part) ?? '')
      end = matcher.end()
    }
    return result + text.slice(Math.max(0, end))
  }
}

function compileRe2(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern)
  } catch (error) {
    throw new Error(`invalid regular expression (RE2 syntax) "${pattern}": ${reasonOf(pattern, error)}`, {
      cause: error,
    })
  }
}

function reasonOf(pattern: string, error: unknown): string {
  const said = error instanceof Error ? error.message.replace('error parsing regexp: ', '') : String(error)
  if (/\(\?<?[=!]/.test(pattern) && /Perl syntax|named capture/.test(said))
    return 'lookahead and lookbehind are not supported'
  if (/invalid escape sequence: `\\[1-9k]/.test(said)) return 'backreferences are not supported'
  return said
}

/** Literal texts and group numbers of a rewrite: `\0` to `\9` are groups, `\\` is a backslash. */
function partsOf(rewrite: string): (string | number)[] {
  return rewrite
    .split(/(\\[0-9\\])/)
    .filter((part) => part !== '')
    .map((part) => (part === '\\\\' ? '\\' : /^\\[0-9]$/.test(part) ? Number(part[1]) : part))
}
