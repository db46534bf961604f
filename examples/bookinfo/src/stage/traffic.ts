// What went through the meshes so far, counted by service and version from the reports of all processes.
import type { CallReport, Report } from '../services/messages.ts'

export interface Flow {
  readonly service: string
  readonly version: string
  calls: number
  errors: number
  retried: number
  /** Of the last calls, for percentiles. */
  readonly durationsMs: number[]
}

export interface EndpointEvent {
  readonly kind: 'ejected' | 'returned'
  readonly endpoint: string
}

const remembered = 500

export class Traffic {
  readonly #flows = new Map<string, Flow>()
  /** Ejections and returns in order. */
  readonly endpointEvents: EndpointEvent[] = []
  crashes = 0
  configurations = 0

  record(report: Report): void {
    if (report.kind === 'calls') for (const call of report.calls) this.#add(call)
    else if (report.kind === 'config') this.configurations++
    else if (report.kind === 'ejected' || report.kind === 'returned') this.endpointEvents.push(report)
  }

  flows(): readonly Flow[] {
    return [...this.#flows.values()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  }

  /** Calls that took more than one attempt. */
  retried(service: string): number {
    return this.flows().reduce((sum, flow) => sum + (flow.service === service ? flow.retried : 0), 0)
  }

  #add({ service, version, status, attempts, durationMs }: CallReport): void {
    const key = keyOf({ service, version })
    const flow = this.#flows.get(key) ?? { service, version, calls: 0, errors: 0, retried: 0, durationsMs: [] }
    this.#flows.set(key, flow)
    flow.calls++
    if (status === 0 || status >= 500) flow.errors++
    if (attempts > 1) flow.retried++
    flow.durationsMs.push(durationMs)
    if (flow.durationsMs.length > remembered) flow.durationsMs.shift()
  }
}

function keyOf({ service, version }: { service: string; version: string }): string {
  return `${service} ${version}`
}
