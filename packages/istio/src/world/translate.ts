// Resources in force to a MeshConfig. One translator per source: it remembers the last result to keep identities.
import type { Cluster, MeshConfig, Origin, Position, UnknownHosts, VirtualHost } from '@proxyless/core/spi'
import { buildClusters } from '../clusters/clusters.ts'
import { DestinationRules } from '../clusters/destination-rules.ts'
import { noteInertRules } from '../clusters/inert-rules.ts'
import { compatOf } from '../compat.ts'
import { hashText } from '../documents/hash.ts'
import type { Shelf } from '../documents/library.ts'
import { locatePath } from '../documents/locate.ts'
import { parsePath } from '../documents/path.ts'
import { problemOf } from '../documents/problem.ts'
import { originOf } from '../documents/resource.ts'
import type { Resource } from '../documents/resource.ts'
import { Findings } from './findings.ts'
import type { TranslationOptions, Workload } from '../options.ts'
import type { Pace } from '../pace.ts'
import { ServiceBuilder } from '../registry/registry.ts'
import { VisibleServices } from '../registry/visible-services.ts'
import { claimHosts } from '../routes/claims.ts'
import type { Claims } from '../routes/claims.ts'
import { findTarget } from '../routes/destination.ts'
import { destinationsOf, mirrorsOf } from '../routes/http-rule.ts'
import { buildVirtualHosts } from '../routes/virtual-hosts.ts'
import type { DestinationSpec } from '../schema/primitives.ts'
import { SidecarScope } from '../scope/sidecar-scope.ts'
import { expandHost } from '../scope/names.ts'
import { groupByKind } from './by-kind.ts'
import { keep } from './keep-identity.ts'
import { lostEndpoints } from './lost-endpoints.ts'
import { settle } from './settings.ts'
import type { GivenSettings } from './settings.ts'
import type { World } from './world.ts'

interface TranslatorOptions extends TranslationOptions {
  readonly workload: Workload
}

export class Translator {
  readonly #options: TranslatorOptions
  readonly #given: GivenSettings
  readonly #builder = new ServiceBuilder()
  #last: MeshConfig | undefined

  constructor(options: TranslatorOptions, given: GivenSettings) {
    this.#options = options
    this.#given = given
  }

  async translate(shelf: Shelf, pace: Pace): Promise<MeshConfig> {
    const findings = new Findings()
    const { world, claims, scope } = await this.#survey(shelf, findings, pace)
    const virtualHosts = await buildVirtualHosts(world, claims, pace)
    const clusters = await buildClusters(world, pace)
    const lost = lostEndpoints(this.#last, clusters)
    const unknownHosts = unknownHostsOf(world, scope)
    const config: MeshConfig = {
      version: versionOf(shelf.resources),
      virtualHosts: await keepHosts(this.#last, virtualHosts, pace),
      clusters: await keepClusters(this.#last, clusters, pace),
      unknownHosts: keep(this.#last?.unknownHosts, unknownHosts),
      pathNormalization: world.settings.pathNormalization,
      problems: [
        ...this.#given.findings.map((finding) => ({ ...finding, outcome: 'applied' as const, resource: 'MeshConfig' })),
        ...shelf.problems,
        ...findings.list.map((finding) => problemOf(finding, finding.resource, 'applied')),
        ...lost,
      ],
      locate: locator(shelf.resources),
    }
    this.#last = config
    return config
  }

  async #survey(
    shelf: Shelf,
    findings: Findings,
    pace: Pace,
  ): Promise<{ world: World; claims: Claims; scope: SidecarScope }> {
    const { workload, compat: profile, httpsAsL7 = true, strictSidecarPorts = false } = this.#options
    const { fromControlPlane = false } = this.#options
    const resources = groupByKind(shelf.resources)
    const compat = compatOf(profile)
    const settings = settle(this.#given.spec, resources.MeshConfig.at(-1), compat)
    const scope = new SidecarScope(resources.Sidecar, workload, settings.rootNamespace)
    const claims = await claimHosts(resources.VirtualService, workload, settings, scope, findings, pace)
    const all = await this.#builder.build(resources, settings, workload.network, pace)
    const services = new VisibleServices(all, workload, scope)
    if (scope.sidecar !== undefined) importDestinations(services, claims, settings.domain)
    const rules = new DestinationRules(resources.DestinationRule, workload, settings, findings)
    const world: World = {
      client: workload,
      settings,
      compat,
      httpsAsL7,
      strictSidecarPorts,
      fromControlPlane,
      services,
      rules,
      findings,
    }
    // a Sidecar hides services on purpose
    if (scope.sidecar === undefined) noteInertRules(resources.DestinationRule, world)
    return { world, claims, scope }
  }
}

function importDestinations(services: VisibleServices, claims: Claims, domain: string): void {
  const add = ({ host, port }: DestinationSpec, { namespace }: Resource): void =>
    services.import(expandHost(host, namespace, domain), port?.number)
  for (const { rules, resource } of claims.plans) {
    for (const rule of rules)
      for (const { spec, resource: owner } of [...destinationsOf(rule), ...mirrorsOf(rule)]) add(spec, owner)
    const { tls = [], tcp = [] } = resource.spec
    for (const { route = [] } of [...tls, ...tcp]) for (const { destination } of route) add(destination, resource)
  }
}

function unknownHostsOf(world: World, { sidecar }: SidecarScope): UnknownHosts {
  const said = sidecar?.spec.outboundTrafficPolicy
  if (sidecar !== undefined && said !== undefined) {
    const path = 'spec.outboundTrafficPolicy'
    const origin = originOf(sidecar, path)
    if (said.egressProxy !== undefined) {
      const { egressProxy } = said
      const destination = { spec: egressProxy, resource: sidecar, path: `${path}.egressProxy` }
      const { cluster } = findTarget(world, destination, egressProxy.port?.number, 'requests get 503')
      return { kind: 'cluster', cluster, origin }
    }
    return { kind: (said.mode ?? 'REGISTRY_ONLY') === 'REGISTRY_ONLY' ? 'block' : 'passthrough', origin }
  }
  const origin: Origin = world.settings.originOf('outboundTrafficPolicy')
  return { kind: world.settings.outboundMode === 'REGISTRY_ONLY' ? 'block' : 'passthrough', origin }
}

async function keepHosts(
  last: MeshConfig | undefined,
  next: VirtualHost[],
  pace: Pace,
): Promise<readonly VirtualHost[]> {
  if (last === undefined) return next
  const before = new Map(last.virtualHosts.map((host) => [host.name, host]))
  let changed = next.length !== last.virtualHosts.length
  for (const [index, host] of next.entries()) {
    const kept = keep(before.get(host.name), host)
    next[index] = kept
    changed ||= kept !== last.virtualHosts[index]
    if (pace.due()) await pace.rest()
  }
  return changed ? next : last.virtualHosts
}

async function keepClusters(
  last: MeshConfig | undefined,
  next: Map<string, Cluster>,
  pace: Pace,
): Promise<ReadonlyMap<string, Cluster>> {
  if (last === undefined) return next
  let changed = next.size !== last.clusters.size
  for (const [name, cluster] of next) {
    const kept = keep(last.clusters.get(name), cluster)
    if (kept === cluster) changed = true
    else next.set(name, kept)
    if (pace.due()) await pace.rest()
  }
  return changed ? next : last.clusters
}

export function versionOf(resources: readonly Resource[]): string {
  const text = resources.map((resource) => resource.hash.toString(36)).join()
  return hashText(text).toString(16).padStart(8, '0') + hashText(text, resources.length).toString(16).padStart(8, '0')
}

function locator(resources: readonly Resource[]): (origin: Origin) => Position | undefined {
  let byId: Map<string, Resource> | undefined
  return (origin) => {
    byId ??= new Map(resources.map((resource) => [resource.id, resource]))
    const resource = byId.get(origin.resource)
    return resource === undefined
      ? undefined
      : locatePath(resource.chunk, [...resource.root, ...parsePath(origin.path)])
  }
}
