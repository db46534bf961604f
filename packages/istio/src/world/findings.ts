// Findings of one translation: what only shows when all documents are seen together.
import type { Code } from '../codes.ts'
import type { Resource } from '../documents/resource.ts'
import type { Finding, Severity } from '../findings.ts'

export interface ResourceFinding extends Finding {
  readonly resource: Resource
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
