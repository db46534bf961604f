// What this client may see: every exported service, or what its Sidecar names.
import type { Resource } from '../documents/resource.ts'
import type { EgressSpec } from '../schema/sidecar.ts'
import type { Workload } from '../options.ts'
import { hasLabels } from '../registry/labels.ts'
import { overlaps } from './wildcards.ts'

interface Import {
  readonly namespace: string
  readonly host: string
}

interface Listener {
  readonly port: number | undefined
  readonly imports: readonly Import[]
  readonly excludes: readonly Import[]
}

export class SidecarScope {
  /** The Sidecar in force; undefined: everything is visible. */
  readonly sidecar: Resource<'Sidecar'> | undefined
  readonly #listeners: readonly Listener[]

  constructor(sidecars: readonly Resource<'Sidecar'>[], client: Workload, rootNamespace: string) {
    this.sidecar = pick(sidecars, client, rootNamespace)
    const egress = this.sidecar?.spec.egress ?? []
    this.#listeners = egress.map((entry) => listenerOf(entry, client.namespace))
  }

  /** True when calls to `port` of the service go through. */
  seesService(namespace: string, host: string, port: number): boolean {
    const listener = this.#listenerOf(port)
    return listener === undefined || admits(listener, namespace, host)
  }

  /** True when some listener imports one of the hosts from this namespace. */
  importsHosts(namespace: string, hosts: readonly string[]): boolean {
    if (this.#listeners.length === 0) return true
    return this.#listeners.some((listener) => hosts.some((host) => admits(listener, namespace, host)))
  }

  #listenerOf(port: number): Listener | undefined {
    if (this.#listeners.length === 0) return undefined
    const own = this.#listeners.find((listener) => listener.port === port)
    return own ?? this.#listeners.find((listener) => listener.port === undefined) ?? NOTHING
  }
}

const NOTHING: Listener = { port: undefined, imports: [], excludes: [] }

function pick(
  sidecars: readonly Resource<'Sidecar'>[],
  client: Workload,
  root: string,
): Resource<'Sidecar'> | undefined {
  const own = sidecars.filter((sidecar) => sidecar.namespace === client.namespace)
  const selects = (sidecar: Resource<'Sidecar'>): boolean =>
    sidecar.spec.workloadSelector !== undefined && hasLabels(client.labels, sidecar.spec.workloadSelector.labels ?? {})
  const general = (sidecar: Resource<'Sidecar'>): boolean => sidecar.spec.workloadSelector === undefined
  return (
    own.find(selects) ?? own.find(general) ?? sidecars.find((sidecar) => sidecar.namespace === root && general(sidecar))
  )
}

function listenerOf(entry: EgressSpec, namespace: string): Listener {
  const imports: Import[] = []
  const excludes: Import[] = []
  for (const said of entry.hosts) {
    const [owner = '', host = ''] = said.toLowerCase().split('/')
    if (owner === '~') continue
    if (owner.startsWith('~')) excludes.push({ namespace: resolve(owner.slice(1), namespace), host })
    else imports.push({ namespace: resolve(owner, namespace), host })
  }
  return { port: entry.port?.number, imports, excludes }
}

function resolve(owner: string, namespace: string): string {
  return owner === '.' ? namespace : owner
}

function admits(listener: Listener, namespace: string, host: string): boolean {
  const within = (entry: Import): boolean =>
    (entry.namespace === '*' || entry.namespace === namespace) && (entry.host === '*' || overlaps(entry.host, host))
  return listener.imports.some(within) && !listener.excludes.some(within)
}
