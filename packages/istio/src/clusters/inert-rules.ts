// A word on DestinationRules, and on their settings of ports, that govern nothing.
import type { Resource } from '../documents/resource.ts'
import type { TrafficPolicySpec } from '../schema/traffic-policy.ts'
import { expandHost } from '../scope/names.ts'
import type { World } from '../world/world.ts'

export function noteInertRules(documents: readonly Resource<'DestinationRule'>[], world: World): void {
  for (const document of documents) {
    const { spec, namespace } = document
    const host = expandHost(spec.host, namespace, world.settings.domain)
    if (host.startsWith('*')) continue
    const service = world.services.find(host)
    if (service === undefined) {
      const message = `no visible service has the host ${host}; the rule governs nothing`
      world.findings.warn('RULE_INERT', document, 'spec.host', message)
      continue
    }
    const ports = world.services.portsOf(service).map(({ number }) => number)
    const levels: [string, TrafficPolicySpec | undefined][] = [
      ['spec.trafficPolicy', spec.trafficPolicy],
      ...(spec.subsets ?? []).map((subset, index): [string, TrafficPolicySpec | undefined] => [
        `spec.subsets[${index}].trafficPolicy`,
        subset.trafficPolicy,
      ]),
    ]
    for (const [path, policy] of levels) {
      for (const [index, { port }] of (policy?.portLevelSettings ?? []).entries()) {
        if (port?.number === undefined || ports.includes(port.number)) continue
        const message = `${host} has no port ${port.number}, only ${ports.join(', ')}; these settings govern nothing`
        world.findings.warn('RULE_INERT', document, `${path}.portLevelSettings[${index}].port.number`, message)
      }
    }
  }
}
