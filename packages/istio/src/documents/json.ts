// Reads JSON texts. Unlike JSON.parse, which takes the last of several equal keys, it tells where a key is repeated.

export type Json =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'duplicateKey'; readonly offset: number }
  | { readonly kind: 'notJson' }

export function readJson(text: string): Json {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { kind: 'notJson' }
  }
  const offset = findDuplicateKey(text)
  return offset === undefined ? { kind: 'value', value } : { kind: 'duplicateKey', offset }
}

const TOKEN = /"([^"\\]*(?:\\.[^"\\]*)*)"(\s*:)?|[{}[\]]/g

/** `text` is valid JSON, so a string before a colon is a key of the innermost object. */
function findDuplicateKey(text: string): number | undefined {
  const open: Set<string>[] = []
  for (const { 0: token, 1: said, 2: colon, index } of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') open.push(new Set())
    else if (token === '}' || token === ']') open.pop()
    else if (said !== undefined && colon !== undefined) {
      const key = said.includes('\\') ? (JSON.parse(`"${said}"`) as string) : said
      const keys = open.at(-1)
      if (keys?.has(key) === true) return index
      keys?.add(key)
    }
  }
  return undefined
}
