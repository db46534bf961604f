// Holds a document's fields against its schema. Unknown fields, nulls and snake_case names are put right
// where that is harmless; everything else becomes a finding in words for people.
import type { ZodType } from 'zod'
import { formatPath } from '../documents/path.ts'
import type { Report } from '../findings.ts'
import { explainIssue } from './explain-issue.ts'
import type { Issue } from './explain-issue.ts'
import { didYouMean } from '../nearest.ts'
import { stringMatch } from './primitives.ts'
import { fieldNames, schemaAt } from './shape.ts'
import { httpMatch } from './virtual-service.ts'
import { at, isRecord } from './walk.ts'

/** The checked fields, or undefined when the document must be refused. */
export function applySchema<T>(
  schema: ZodType<T>,
  fields: unknown,
  base: string,
  report: Report,
  strict: boolean,
): T | undefined {
  const misspelt = (issue: Issue, root: unknown): boolean => repairKeys(issue, root, schema, { base, report, strict })
  let value = fields
  let copied = false
  for (;;) {
    const result = schema.safeParse(value)
    if (result.success) return result.data
    if (!copied) value = structuredClone(value)
    copied = true
    const issues = result.error.issues as readonly Issue[]
    const open = issues.filter((issue) => !repair(issue, value, misspelt))
    if (open.length < issues.length) continue
    for (const issue of open) {
      const { code, message } = explainIssue(issue, value)
      report.error(code, formatPath(issue.path, base), message)
    }
    return undefined
  }
}

function repair(issue: Issue, root: unknown, misspelt: (issue: Issue, root: unknown) => boolean): boolean {
  if (issue.code === 'unrecognized_keys') return misspelt(issue, root)
  if (issue.code !== 'invalid_type' || issue.path.length === 0) return false
  const parent = at(root, issue.path.slice(0, -1))
  const key = issue.path.at(-1)
  // In protobuf's JSON null means "not set".
  if (typeof key !== 'string' || !isRecord(parent) || parent[key] !== null) return false
  delete parent[key]
  return true
}

interface Given {
  readonly base: string
  readonly report: Report
  readonly strict: boolean
}

function repairKeys(issue: Issue, root: unknown, schema: ZodType, { base, report, strict }: Given): boolean {
  const object = at(root, issue.path)
  if (!isRecord(object)) return false
  const here = schemaAt(schema, issue.path)
  const known = fieldNames(here)
  // A match that has lost its only condition would hold for everything.
  const vital = (here === stringMatch || here === httpMatch) && !Object.keys(object).some((key) => known.includes(key))
  for (const key of issue.keys ?? []) {
    const camel = key.replace(/_([a-z\d])/g, (_, letter: string) => letter.toUpperCase())
    if (camel !== key && !Object.hasOwn(object, camel)) {
      object[camel] = object[key]
    } else if (object[key] !== null) {
      const path = formatPath([...issue.path, key], base)
      const message = `unknown field "${key}"${didYouMean(key, known)}`
      if (strict) report.error('UNKNOWN_FIELD', path, message)
      else if (vital) report.error('UNKNOWN_FIELD', path, `${message}; without it the match would hold for everything`)
      else report.warn('UNKNOWN_FIELD', path, `${message}; it is ignored`)
    }
    delete object[key]
  }
  return true
}
