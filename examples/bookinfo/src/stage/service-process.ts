// One service process as its parent sees it: started, told what to do, heard, restarted when it dies, stopped.
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { MeshStatus } from 'proxyless'
import type { Order, Report } from '../services/messages.ts'

export interface Role {
  readonly service: string
  readonly version: string
  /** Whether it calls others, through a mesh of its own. */
  readonly meshed: boolean
}

export interface Surroundings {
  /** Where its mesh gets its configuration: a directory, or the address of a control plane. */
  config(): string
  heard(from: ServiceProcess, report: Report): void
  /** It died by itself; resolves with true when it is to be started again. */
  died(process: ServiceProcess): Promise<boolean>
}

const entry = fileURLToPath(new URL('../service.js', import.meta.url))

export class ServiceProcess {
  readonly role: Role
  readonly #surroundings: Surroundings
  #child: ChildProcess | undefined
  #port = 0
  #stopping = false
  #questions = 0
  #metricsUrl: string | undefined

  constructor(role: Role, surroundings: Surroundings) {
    this.role = role
    this.#surroundings = surroundings
  }

  get port(): number {
    return this.#port
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`
  }

  /** Where its mesh serves metrics for Prometheus; undefined: it has none. */
  get metricsUrl(): string | undefined {
    return this.#metricsUrl
  }

  /** Starts the process, on the port it had before; resolves when it listens. */
  async listen(): Promise<void> {
    const { service, version } = this.role
    const child = fork(entry, [service, version, String(this.#port)])
    this.#child = child
    child.on('message', (report: Report) => this.#surroundings.heard(this, report))
    child.on('exit', () => void this.#exited())
    const { port } = await this.#hear('listening')
    this.#port = port
  }

  /** Lets it call others, and answer; resolves when it does. */
  async start(): Promise<void> {
    const ready = this.#hear('ready')
    this.order({ start: this.#surroundings.config() })
    this.#metricsUrl = (await ready).metricsUrl
  }

  order(order: Order): void {
    // one that is dying cannot be told anything
    if (this.#child?.connected === true) this.#child.send(order, () => undefined)
  }

  async status(): Promise<MeshStatus | undefined> {
    const id = ++this.#questions
    const answer = this.#hear('status', (report) => report.id === id)
    this.order({ status: id })
    return (await answer).status
  }

  async stop(): Promise<void> {
    this.#stopping = true
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  async #exited(): Promise<void> {
    if (this.#stopping || !(await this.#surroundings.died(this))) return
    try {
      await this.listen()
      await this.start()
    } catch {
      // died once more: its exit starts it anew
    }
  }

  /** The next report of a kind; rejects when the process ends before it, or says nothing for 20 seconds. */
  async #hear<K extends Report['kind']>(
    kind: K,
    accept: (report: Extract<Report, { kind: K }>) => boolean = () => true,
  ): Promise<Extract<Report, { kind: K }>> {
    const child = this.#child
    if (child === undefined) throw new Error('not started')
    const ended = new AbortController()
    const end = (): void => ended.abort()
    child.once('exit', end)
    try {
      return await Promise.race([
        new Promise<Extract<Report, { kind: K }>>((resolve) => {
          const listener = (report: Report): void => {
            if (report.kind !== kind || !accept(report as Extract<Report, { kind: K }>)) return
            child.off('message', listener)
            resolve(report as Extract<Report, { kind: K }>)
          }
          child.on('message', listener)
        }),
        this.#silence(kind, ended.signal),
      ])
    } finally {
      child.off('exit', end)
      ended.abort()
    }
  }

  async #silence(kind: string, ended: AbortSignal): Promise<never> {
    await delay(20_000, undefined, { signal: ended }).catch(() => undefined)
    throw new Error(`${this.role.service}-${this.role.version} ended or fell silent before it said '${kind}'`)
  }
}
