// What zod objects to, in words for people.
import type { Code } from '../codes.ts'
import { at } from './walk.ts'

/** The parts of zod's issues that matter here. */
export interface Issue {
  readonly code: string
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly keys?: readonly string[]
  readonly expected?: string
  readonly values?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly origin?: string
  readonly errors?: readonly (readonly Issue[])[]
}

export function explainIssue(issue: Issue, root: unknown): { code: Code; message: string } {
  const value = at(root, issue.path)
  switch (issue.code) {
    case 'invalid_type':
      if (value === undefined) return { code: 'MISSING_FIELD', message: `"${String(issue.path.at(-1))}" is required` }
      return { code: 'INVALID_VALUE', message: `${wanted(issue)}, found ${show(value)}` }
    case 'invalid_value':
      return {
        code: 'INVALID_VALUE',
        message: `expected one of ${(issue.values ?? []).join(', ')}, found ${show(value)}`,
      }
    case 'too_small':
      return { code: 'INVALID_VALUE', message: limit(issue, value, 'at least', issue.minimum) }
    case 'too_big':
      return { code: 'INVALID_VALUE', message: limit(issue, value, 'at most', issue.maximum) }
    case 'invalid_union': {
      const first = issue.errors?.[0]?.[0]
      if (first === undefined) return { code: 'INVALID_VALUE', message: `${show(value)} is not allowed here` }
      return explainIssue({ ...first, path: issue.path }, root)
    }
    default:
      return { code: 'INVALID_VALUE', message: issue.message }
  }
}

function limit(issue: Issue, value: unknown, words: string, bound: number | undefined): string {
  if (issue.origin === 'array') return `needs ${words} ${bound} ${bound === 1 ? 'entry' : 'entries'}`
  if (issue.origin === 'string') return 'must not be empty'
  return `must be ${words} ${bound}, found ${show(value)}`
}

/** A schema may say it better than its type does. */
function wanted({ message, expected = 'value' }: Issue): string {
  return message.startsWith('expected ') ? message : `expected ${article(expected)}`
}

function article(type: string): string {
  if (type === 'array') return 'a list'
  if (type === 'record' || type === 'object') return 'a mapping'
  if (type === 'string') return 'text'
  return type === 'int' ? 'an integer' : `a ${type}`
}

function show(value: unknown): string {
  if (typeof value === 'string') return `the text "${value}"`
  if (Array.isArray(value)) return 'a list'
  if (value === null) return 'nothing (null)'
  return typeof value === 'object' ? 'a mapping' : `${typeof value} ${JSON.stringify(value)}`
}
