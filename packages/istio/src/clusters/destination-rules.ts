// Which DestinationRule governs a service for this client: the client's namespace, then the service's, then the root's.
// Rules of one namespace with an identical host are merged, oldest first.
import type { Resource } from '../documents/resource.ts'
import { originOf } from '../documents/resource.ts'
import type { Findings } from '../world/findings.ts'
import type { Workload } from '../options.ts'
import { hasLabels } from '../registry/labels.ts'
import type { SubsetSpec } from '../schema/destination-rule.ts'
import { expandHost, isExported, orDefault } from '../scope/names.ts'
import { WildcardIndex } from '../scope/wildcards.ts'
import type { TrafficPolicySpec } from '../schema/traffic-policy.ts'
import type { Settings } from '../world/settings.ts'

/** One rule, possibly of several documents. */
export interface Rule {
  readonly resource: Resource<'DestinationRule'>
  readonly policy?: PlacedPolicy
  readonly subsets: ReadonlyMap<string, PlacedSubset>
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
  readonly #byNamespace = new Map<string, { selected: WildcardIndex<Rule>; general: WildcardIndex<Rule> }>()
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
    const groups = new Map<string, Resource<'DestinationRule'>[]>()
    for (const document of documents) {
      const exportTo = orDefault(document.spec.exportTo, settings.destinationRuleExportTo)
      const own = document.namespace === client.namespace
      if (!own && !isExported(exportTo, document.namespace, client.namespace)) continue
      const selector = document.spec.workloadSelector?.matchLabels
      if (selector !== undefined && !(own && hasLabels(client.labels, selector))) continue
      const host = expandHost(document.spec.host, document.namespace, settings.domain)
      const key = [document.namespace, host, selector === undefined ? '' : 'selected', exportTo.toSorted().join()].join(
        ' ',
      )
      const group = groups.get(key)
      if (group === undefined) groups.set(key, [document])
      else group.push(document)
    }
    for (const [key, group] of groups) this.#add(key, merge(group, findings))
  }

  find(host: string, serviceNamespace: string): Rule | undefined {
    const own = this.#client.namespace
    if (own !== this.#root) {
      const rule = this.#findIn(own, host)
      if (rule !== undefined) return rule
    }
    return this.#findIn(serviceNamespace, host) ?? this.#findIn(this.#root, host)
  }

  #findIn(namespace: string, host: string): Rule | undefined {
    const rules = this.#byNamespace.get(namespace)
    return rules?.selected.find(host) ?? rules?.general.find(host)
  }

  #add(key: string, rule: Rule): void {
    const [namespace = '', host = '', selected = ''] = key.split(' ')
    let rules = this.#byNamespace.get(namespace)
    if (rules === undefined) {
      rules = { selected: new WildcardIndex(), general: new WildcardIndex() }
      this.#byNamespace.set(namespace, rules)
    }
    rules[selected === '' ? 'general' : 'selected'].addFirst(host, rule)
  }
}

function merge(documents: readonly Resource<'DestinationRule'>[], findings: Findings): Rule {
  const subsets = new Map<string, PlacedSubset>()
  let policy: PlacedPolicy | undefined
  for (const resource of documents) {
    if (policy === undefined && resource.spec.trafficPolicy !== undefined) {
      policy = { spec: resource.spec.trafficPolicy, resource, path: 'spec.trafficPolicy' }
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
  return { resource, subsets, failClosed, ...(policy === undefined ? {} : { policy }) }
}
