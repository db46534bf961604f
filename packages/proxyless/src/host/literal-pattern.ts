// Patterns that are a literal with `.*` at one or both ends, and the cookie idiom of Istio's examples: no engine is needed.
// Pure; asked by the regular expression engine before any other way.

/** Whole-text test; undefined when the pattern is of neither form. A dot of RE2 is any character but a line break. */
export function literalTest(pattern: string): ((text: string) => boolean) | undefined {
  const parts = /^\^?(\.\*)?([\w/ \-=:;,@%&~!"'<>#]+)(\.\*)?\$?$/.exec(pattern)
  if (parts !== null) return literalWithEnds(parts[2] ?? '', parts[1] !== undefined, parts[3] !== undefined)
  const cookie = /^\^\(\.\*\??;\)\?\(([\w/ \-=:,@%&~!"'<>#]+)\)\(;\.\*\)\?\$$/.exec(pattern)?.[1]
  return cookie === undefined ? undefined : (text) => isCookie(text, cookie)
}

function literalWithEnds(literal: string, open: boolean, goesOn: boolean): (text: string) => boolean {
  if (open && goesOn) {
    return (text) => text.includes(literal) && !text.includes('\n')
  }
  if (open) return (text) => text.endsWith(literal) && !text.includes('\n')
  if (goesOn) return (text) => text.startsWith(literal) && !text.includes('\n')
  return (text) => text === literal
}

/** `literal` stands between the beginning or a `;` and a `;` or the end. */
function isCookie(text: string, literal: string): boolean {
  for (let at = text.indexOf(literal); at !== -1; at = text.indexOf(literal, at + 1)) {
    const end = at + literal.length
    const begins = at === 0 || text.charCodeAt(at - 1) === 0x3b
    if (begins && (end === text.length || text.charCodeAt(end) === 0x3b)) return !text.includes('\n')
  }
  return false
}
