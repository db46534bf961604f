// `POST /v1/status`: what clients of the feed say of what they were handed: which version they apply, and what they refuse.
import type { ServerResponse } from 'node:http'
import type { Clock } from '@proxyless/core/spi'
import { type HttpRequest, replyError, type Route } from './server.ts'

export interface StatusReport {
  readonly node: string
  readonly applied: string
  readonly rejected: readonly RejectedDocument[]
  /** ISO 8601. */
  readonly time: string
}

interface RejectedDocument {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly version: string
  readonly path: string
  readonly message: string
}

/** Of how many nodes; the one that has been silent longest is forgotten first. */
const rememberedNodes = 10_000

export class StatusReports {
  readonly #clock: Clock
  readonly #byNode = new Map<string, StatusReport>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The last of each node. */
  all(): readonly StatusReport[] {
    return [...this.#byNode.values()]
  }

  get route(): Route {
    return { method: 'POST', path: '/v1/status', handle: (request, response) => this.#take(request, response) }
  }

  async #take(request: HttpRequest, response: ServerResponse): Promise<void> {
    const report = reportOf(await request.text(), new Date(this.#clock.wallNow()).toISOString())
    if (typeof report === 'string') return replyError(response, 400, report)
    this.#byNode.delete(report.node)
    this.#byNode.set(report.node, report)
    const [oldest] = this.#byNode.keys()
    if (this.#byNode.size > rememberedNodes && oldest !== undefined) this.#byNode.delete(oldest)
    response.writeHead(204).end()
  }
}

const form =
  'a report is {"node": "...", "applied": "...", "rejected": [{"kind", "namespace", "name", "version", "path", "message"}]}'

/** Or what is wrong with it. */
function reportOf(text: string, time: string): StatusReport | string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return `the report is not JSON: ${(error as Error).message}; ${form}`
  }
  if (!isRecord(value) || typeof value['node'] !== 'string' || value['node'] === '') return form
  const { node, applied = '', rejected = [] } = value
  if (typeof applied !== 'string' || !Array.isArray(rejected) || !rejected.every(isRecord)) return form
  return { node, applied, rejected: rejected.map(rejectedOf), time }
}

function rejectedOf(entry: Readonly<Record<string, unknown>>): RejectedDocument {
  const text = (name: string): string => (typeof entry[name] === 'string' ? entry[name] : '')
  const [kind, namespace, name] = [text('kind'), text('namespace'), text('name')]
  return { kind, namespace, name, version: text('version'), path: text('path'), message: text('message') }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
