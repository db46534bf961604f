// Asks an endpoint by HTTP how it is, on a connection of its own. What the answer means is Envoy's (HttpHealthCheckerImpl).
// When to ask, and what a result changes, is core's business.
import { Client } from 'undici'
import {
  type Cluster,
  type Endpoint,
  type HealthProbe,
  type HttpHealthCheck,
  type ProbeResult,
  unfitHeader,
} from '@proxyless/core/spi'
import { HealthTarget } from './health-target.ts'

type Headers = Readonly<Record<string, string | string[] | undefined>>

const passed: ProbeResult = { kind: 'passed', degraded: false }
const degraded: ProbeResult = { kind: 'passed', degraded: true }

export class HttpProbe implements HealthProbe {
  readonly #check: HttpHealthCheck
  readonly #host: string
  readonly #target: HealthTarget
  #client: Client | undefined
  /** Answers of an earlier check are dropped. */
  #round = 0

  constructor(check: HttpHealthCheck, endpoint: Endpoint, cluster: Cluster) {
    this.#check = check
    this.#host = endpoint.healthCheck?.hostname || check.host || cluster.name
    this.#target = new HealthTarget(endpoint, cluster, check.timeoutMs, check.protocol === 'http2')
  }

  check(answer: (result: ProbeResult) => void): void {
    const round = ++this.#round
    this.#client ??= this.#connect()
    this.#ask(this.#client).then(
      (result) => {
        if (round === this.#round) answer(result)
      },
      (error: unknown) => {
        if (round !== this.#round) return
        answer({ kind: 'failed', reason: reasonOf(error), atOnce: false, excluded: false })
      },
    )
  }

  /** With its connection: undici would open another for a request that was aborted. */
  cancel(): void {
    this.#round++
    this.#client?.destroy().catch(() => undefined)
    this.#client = undefined
  }

  close(): void {
    this.cancel()
  }

  #connect(): Client {
    return new Client(`${this.#target.secure ? 'https' : 'http'}://health.check`, {
      connect: (_options, callback) => this.#target.connect(this.#host, callback),
      keepAliveTimeout: 600_000,
      headersTimeout: 0,
      bodyTimeout: 0,
      ...(this.#check.protocol === 'http2' ? { allowH2: true } : {}),
    })
  }

  async #ask(client: Client): Promise<ProbeResult> {
    const { path, method = 'GET', headers = [], reuseConnection = true } = this.#check
    const {
      statusCode,
      headers: answered,
      body,
    } = await client.request({
      path,
      method: method,
      headers: ['host', this.#host, 'user-agent', 'Envoy/HC', ...headers.flatMap(({ name, value }) => [name, value])],
      reset: !reuseConnection,
    })
    // to its end: an answer that breaks off is none
    await new Promise<void>((resolve, reject) => {
      body.once('end', resolve).once('error', reject).resume()
    })
    return this.#judge(statusCode, answered)
  }

  #judge(status: number, headers: Headers): ProbeResult {
    const { expectedStatuses = [{ from: 200, to: 201 }], retriableStatuses = [], serviceName } = this.#check
    const isIn = ({ from, to }: { from: number; to: number }): boolean => status >= from && status < to
    if (!expectedStatuses.some(isIn)) {
      const excluded = headers[unfitHeader] !== undefined
      return { kind: 'failed', reason: `status ${status}`, atOnce: !retriableStatuses.some(isIn), excluded }
    }
    const says = String(headers['x-envoy-upstream-healthchecked-cluster'] ?? '')
    if (serviceName !== undefined && !isCalled(says, serviceName)) {
      return { kind: 'failed', reason: `it calls itself "${says}"`, atOnce: true, excluded: false }
    }
    return headers['x-envoy-degraded'] === undefined ? passed : degraded
  }
}

function isCalled(says: string, { kind, value }: NonNullable<HttpHealthCheck['serviceName']>): boolean {
  return kind === 'exact' ? says === value : says.startsWith(value)
}

function reasonOf(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : String((error as { code?: unknown }).code)
}
