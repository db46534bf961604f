// The Bookinfo application on stage: its processes, its documents, its traffic. The tour and the table only see this.
import { setTimeout as delay } from 'node:timers/promises'
import type { Problem } from 'proxyless'
import type { Report } from '../services/messages.ts'
import { ControlPlane } from './control-plane.ts'
import { Documents } from './documents.ts'
import { ServiceProcess } from './service-process.ts'
import type { Role } from './service-process.ts'
import { Traffic } from './traffic.ts'

const roles: readonly Role[] = [
  { service: 'productpage', version: 'v1', meshed: true },
  { service: 'details', version: 'v1', meshed: false },
  { service: 'ratings', version: 'v1', meshed: false },
  { service: 'reviews', version: 'v1', meshed: false },
  { service: 'reviews', version: 'v1', meshed: false },
  { service: 'reviews', version: 'v2', meshed: true },
  { service: 'reviews', version: 'v2', meshed: true },
  { service: 'reviews', version: 'v3', meshed: true },
  { service: 'reviews', version: 'v3', meshed: true },
]

const restartAfterMs = 500

export class Application {
  readonly documents: Documents
  readonly traffic: Traffic = new Traffic()
  readonly #processes: readonly ServiceProcess[]
  /** Configurations taken over so far, by process. */
  readonly #configurations = new Map<ServiceProcess, number>()
  #controlPlane: ControlPlane | undefined
  #closed = false

  private constructor(documents: Documents) {
    this.documents = documents
    this.#processes = roles.map(
      (role) =>
        new ServiceProcess(role, {
          config: () => this.#controlPlane?.address ?? documents.directory,
          heard: (from, report) => this.#heard(from, report),
          died: () => this.#restart(),
        }),
    )
  }

  /** @param xds the meshes get their configuration from a control plane, instead of reading the documents themselves */
  static async start({ xds }: { readonly xds: boolean }): Promise<Application> {
    const application = new Application(await Documents.create())
    try {
      await Promise.all(application.#processes.map((process) => process.listen()))
      await application.#writeRegistry()
      if (xds) application.#controlPlane = await ControlPlane.start(application.documents.directory)
      await Promise.all(application.#processes.map((process) => process.start()))
    } catch (error) {
      await application.close()
      throw error
    }
    return application
  }

  /** Address of the product page's server. */
  get url(): string {
    return `http://${this.productpage.address}`
  }

  get productpage(): ServiceProcess {
    return this.instances('productpage')[0] as ServiceProcess
  }

  get processCount(): number {
    return this.#processes.length
  }

  instances(service: string, version = 'v1'): readonly ServiceProcess[] {
    return this.#processes.filter(({ role }) => role.service === service && role.version === version)
  }

  /** Puts variants of documents on stage; resolves when every mesh has taken them over, or after three seconds. */
  async play(...variants: readonly string[]): Promise<void> {
    const before = new Map(this.#configurations)
    const plane = this.#controlPlane
    const version = await plane?.version()
    if (!(await this.documents.play(...variants))) return
    const meshed = this.#processes.filter(({ role }) => role.meshed)
    const taken = (): boolean =>
      meshed.every((process) => (this.#configurations.get(process) ?? 0) > (before.get(process) ?? 0))
    await waitFor(() => (plane === undefined ? taken() : plane.served(meshed.length, version ?? '')), 3000)
  }

  /** What whoever reads the documents found wrong with them. */
  async problems(): Promise<readonly Problem[]> {
    if (this.#controlPlane !== undefined) return this.#controlPlane.problems()
    return (await this.productpage.status())?.problems ?? []
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(this.#processes.map((process) => process.stop()))
    await this.#controlPlane?.stop()
    await this.documents.remove()
  }

  #heard(from: ServiceProcess, report: Report): void {
    if (report.kind === 'config') this.#configurations.set(from, (this.#configurations.get(from) ?? 0) + 1)
    this.traffic.record(report)
  }

  async #restart(): Promise<boolean> {
    this.traffic.crashes++
    await delay(restartAfterMs)
    return !this.#closed
  }

  async #writeRegistry(): Promise<void> {
    await this.documents.writeRegistry(this.#processes.map(({ role, port }) => ({ ...role, port })))
  }
}

/** Looks every 10 ms; false when `timeoutMs` have passed without. */
export async function waitFor(check: () => boolean | Promise<boolean>, timeoutMs: number): Promise<boolean> {
  for (const end = performance.now() + timeoutMs; performance.now() < end;) {
    if (await check()) return true
    await delay(10)
  }
  return false
}
