// What was found wrong or noteworthy, before it becomes a Problem with a place in a text.
// Collected by validation, once per resource; world/findings collects those of a translation.
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
