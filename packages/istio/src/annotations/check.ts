// The annotations of a document held against the table, as fields are against their schema.
import { joinPath } from '../documents/path.ts'
import type { Kind } from '../documents/resource.ts'
import type { Report } from '../findings.ts'
import { nearest } from '../nearest.ts'
import { ANNOTATIONS, isAnnotation, PREFIX } from './table.ts'
import { parseAnnotation } from './value.ts'

/** Those of others are left alone. */
export function checkAnnotations(
  kind: Kind,
  annotations: Readonly<Record<string, string>>,
  report: Report,
  strict: boolean,
): void {
  for (const [key, text] of Object.entries(annotations)) {
    if (!key.startsWith(PREFIX)) continue
    const name = key.slice(PREFIX.length)
    const path = joinPath('metadata.annotations', key)
    if (kind !== 'DestinationRule') {
      report.warn('NO_CLIENT_EFFECT', path, `${key} belongs on a DestinationRule; on a ${kind} it has no effect`)
    } else if (isAnnotation(name)) {
      const value = parseAnnotation(name, text)
      if (typeof value === 'string') report.error('INVALID_VALUE', path, `${key}: ${value}`)
    } else {
      const message = `unknown annotation "${key}"${meant(name)}`
      if (strict) report.error('UNKNOWN_ANNOTATION', path, message)
      else report.warn('UNKNOWN_ANNOTATION', path, `${message}; it is ignored`)
    }
  }
}

function meant(name: string): string {
  const close = nearest(name, Object.keys(ANNOTATIONS))
  return close === undefined ? '' : ` (did you mean "${PREFIX}${close}"?)`
}
