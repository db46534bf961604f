// Holds a document's fields against its schema. Unknown fields, nulls and snake_case names are put right
// where that is harmless; everything else becomes a finding in words for people.
import type { ZodType } from 'zod'
import { formatPath } from '../documents/path.ts'
import type { Report } from '../findings.ts'
import { explainIssue } from './explain-issue.ts'
import type { Issue } from './explain-issue.ts'
import { at, isRecord } from './walk.ts'

/** The checked fields, or undefined when the document must be refused. */
export function applySchema<T>(
  schema: ZodType<T>,
  fields: unknown,
  base: string,
  report: Report,
  strict: boolean,
): T | undefined {
  let value = fields
  let copied = false
  for (;;) {
    const result = schema.safeParse(value)
    if (result.success) return result.data
    if (!copied) value = structuredClone(value)
    copied = true
    const issues = result.error.issues as readonly Issue[]
    const open = issues.filter((issue) => !repair(issue, value, base, report, strict))
    if (open.length < issues.length) continue
    for (const issue of open) {
      const { code, message } = explainIssue(issue, value)
      report.error(code, formatPath(issue.path, base), message)
    }
    return undefined
  }
}

function repair(issue: Issue, root: unknown, base: string, report: Report, strict: boolean): boolean {
  if (issue.code === 'unrecognized_keys') return repairKeys(issue, root, base, report, strict)
  if (issue.code !== 'invalid_type' || issue.path.length === 0) return false
  const parent = at(root, issue.path.slice(0, -1))
  const key = issue.path.at(-1)
  // In protobuf's JSON null means "not set".
  if (typeof key !== 'string' || !isRecord(parent) || parent[key] !== null) return false
  delete parent[key]
  return true
}

function repairKeys(issue: Issue, root: unknown, base: string, report: Report, strict: boolean): boolean {
  const object = at(root, issue.path)
  if (!isRecord(object)) return false
  for (const key of issue.keys ?? []) {
    const camel = key.replace(/_([a-z\d])/g, (_, letter: string) => letter.toUpperCase())
    if (camel !== key && !Object.hasOwn(object, camel)) {
      object[camel] = object[key]
    } else if (object[key] !== null) {
      const path = formatPath([...issue.path, key], base)
      const message = `unknown field "${key}"${strict ? '' : '; it is ignored'}`
      if (strict) report.error('UNKNOWN_FIELD', path, message)
      else report.warn('UNKNOWN_FIELD', path, message)
    }
    delete object[key]
  }
  return true
}
