// JSON from outside: checked for its depth before it is read, and narrowed without trust.
import { Refusal } from './refusal.ts'

const deepest = 64

/** @param wrapping levels around the documents that do not count @throws Refusal */
export function parseJson(text: string, what: string, wrapping: number): unknown {
  if (isDeeper(text, deepest + wrapping)) throw new Refusal('FEED_REFUSED', `${what} is nested deeper than ${deepest}`)
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new Refusal('FEED_REFUSED', `${what} is not JSON: ${(error as Error).message}`)
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A text field; empty when it is absent or something else. */
export function textField(record: Readonly<Record<string, unknown>>, name: string): string {
  const value = record[name]
  return typeof value === 'string' ? value : ''
}

/** Looks at brackets outside of strings only; whether it is JSON at all is for the parser to say. */
function isDeeper(text: string, limit: number): boolean {
  let depth = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (quoted) {
      if (code === 0x5c) at++
      else if (code === 0x22) quoted = false
    } else if (code === 0x22) quoted = true
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > limit) return true
    } else if (code === 0x7d || code === 0x5d) depth--
  }
  return false
}
