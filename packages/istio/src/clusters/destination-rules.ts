// Which DestinationRule governs a service for this client: the client's namespace, then the service's, then the root's.
// Rules of one namespace with an identical host are merged, oldest first.
import { placeAnnotations, type PlacedAnnotations } from '../annotations/placed.ts'
import type { Resource } from '../documents/resource.ts'
import { originOf } from '../documents/resource.ts'
import type { Findings } from '../world/findings.ts'
import type { Workload } from '../options.ts'
import { hasLabels } from '../registry/labels.ts'
import type { SubsetSpec } from '../schema/destination-rule.ts'
import { expandHost, isExported, orDefault } from '../scope/names.ts'
import { WildcardIndex } from '../scope/wildcards.ts'
import type { TrafficPolicySpec } from '../schema/traffic-policy.ts'
import { groupBy } from '../world/group-by.ts'
import type { Settings } from '../world/settings.ts'

/** One rule, possibly of several documents. */
export interface Rule {
  readonly resource: Resource<'DestinationRule'>
  readonly policy?: PlacedPolicy
  readonly subsets: ReadonlyMap<string, PlacedSubset>
  readonly annotations: PlacedAnnotations
  /** Calls fail, because the rule asks for a security that is not there. */
  readonly failClosed: boolean
}

export interface PlacedPolicy {
  readonly spec: TrafficPolicySpec
  readonly resource: Resource<'DestinationRule'>
  readonly path: string
}

export interface PlacedSubset {
  readonly spec: SubsetSpec
  readonly resource: Resource<'DestinationRule'>
  readonly path: string
}

export class DestinationRules {
  readonly #byNamespace = new Map<string, WildcardIndex<Rule>>()
  readonly #client: Workload
  readonly #root: string

  constructor(
    documents: readonly Resource<'DestinationRule'>[],
    client: Workload,
    settings: Settings,
    findings: Findings,
  ) {
    this.#client = client
    this.#root = settings.rootNamespace
    const visible = documents.filter((document) => isVisible(document, client, settings))
    // For one host, rules that select this client come before those for everyone.
    for (const selecting of [true, false]) {
      const alike = visible.filter(({ spec }) => (spec.workloadSelector?.matchLabels !== undefined) === selecting)
      for (const group of groupBy(alike, (document) => identityOf(document, settings)).values()) {
        this.#add(merge(group, findings), settings.domain)
      }
    }
  }

  find(host: string, serviceNamespace: string): Rule | undefined {
    const own = this.#client.namespace
    if (own !== this.#root) {
      const rule = this.#byNamespace.get(own)?.find(host)
      if (rule !== undefined) return rule
    }
    return this.#byNamespace.get(serviceNamespace)?.find(host) ?? this.#byNamespace.get(this.#root)?.find(host)
  }

  #add(rule: Rule, domain: string): void {
    const { namespace, spec } = rule.resource
    let rules = this.#byNamespace.get(namespace)
    if (rules === undefined) this.#byNamespace.set(namespace, (rules = new WildcardIndex()))
    rules.addFirst(expandHost(spec.host, namespace, domain), rule)
  }
}

/** The own namespace sees everything but what is for nobody; selecting rules are for their own namespace. */
function isVisible({ namespace, spec }: Resource<'DestinationRule'>, client: Workload, settings: Settings): boolean {
  const exportTo = orDefault(spec.exportTo, settings.destinationRuleExportTo)
  const own = namespace === client.namespace
  if (exportTo.includes('~') || (!own && !isExported(exportTo, namespace, client.namespace))) return false
  const selector = spec.workloadSelector?.matchLabels
  return selector === undefined || (own && hasLabels(client.labels, selector))
}

/** Rules of equal identity are merged. */
function identityOf({ namespace, spec }: Resource<'DestinationRule'>, settings: Settings): string {
  const exportTo = orDefault(spec.exportTo, settings.destinationRuleExportTo)
  return [namespace, expandHost(spec.host, namespace, settings.domain), ...exportTo.toSorted()].join(' ')
}

function merge(documents: readonly Resource<'DestinationRule'>[], findings: Findings): Rule {
  const subsets = new Map<string, PlacedSubset>()
  let policy: PlacedPolicy | undefined
  for (const resource of documents) {
    const { trafficPolicy } = resource.spec
    if (trafficPolicy !== undefined && policy !== undefined) {
      const message = `this trafficPolicy is not used: ${policy.resource.id}, which is older, has one for the same host`
      findings.warn('POLICY_DUPLICATE', resource, 'spec.trafficPolicy', message)
    } else if (trafficPolicy !== undefined) {
      policy = { spec: trafficPolicy, resource, path: 'spec.trafficPolicy' }
    }
    for (const [index, spec] of (resource.spec.subsets ?? []).entries()) {
      const path = `spec.subsets[${index}]`
      const earlier = subsets.get(spec.name)
      if (earlier === undefined) subsets.set(spec.name, { spec, resource, path })
      else {
        const message = `subset "${spec.name}" is already defined by ${originOf(earlier.resource, '').resource}, which is older`
        findings.warn('SUBSET_DUPLICATE', resource, `${path}.name`, message)
      }
    }
  }
  const [resource] = documents as readonly [Resource<'DestinationRule'>]
  const failClosed = documents.some((document) => document.failClosed)
  const annotations = placeAnnotations(documents)
  return { resource, subsets, annotations, failClosed, ...(policy === undefined ? {} : { policy }) }
}
