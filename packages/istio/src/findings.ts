// What was found wrong or noteworthy, before it becomes a Problem with a place in a text.
// Collected by validation (once per resource) and by translation (once per update).
import type { Resource } from './documents/resource.ts'
import type { Code } from './codes.ts'

export type Severity = 'error' | 'warning' | 'info'

/** A finding inside one document. */
export interface Finding {
  readonly code: Code
  readonly severity: Severity
  /** `spec.http[0].timeout` */
  readonly path: string
  readonly message: string
}

export interface ResourceFinding extends Finding {
  readonly resource: Resource
}

/** Gathers the findings of one document. */
export class Report {
  readonly findings: Finding[] = []

  error(code: Code, path: string, message: string): void {
    this.findings.push({ code, severity: 'error', path, message })
  }

  warn(code: Code, path: string, message: string): void {
    this.findings.push({ code, severity: 'warning', path, message })
  }

  info(code: Code, path: string, message: string): void {
    this.findings.push({ code, severity: 'info', path, message })
  }

  get failed(): boolean {
    return this.findings.some((finding) => finding.severity === 'error')
  }
}

/** Gathers the findings of one translation; the same finding counts once. */
export class Findings {
  readonly list: ResourceFinding[] = []
  readonly #seen = new Set<string>()

  add(severity: Severity, code: Code, resource: Resource, path: string, message: string): void {
    const key = `${code} ${resource.id} ${path} ${message}`
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    this.list.push({ code, severity, resource, path, message })
  }

  warn(code: Code, resource: Resource, path: string, message: string): void {
    this.add('warning', code, resource, path, message)
  }

  info(code: Code, resource: Resource, path: string, message: string): void {
    this.add('info', code, resource, path, message)
  }
}
