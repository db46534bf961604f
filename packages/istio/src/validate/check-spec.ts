// Sends each kind to its own checks.
import type { RegexEngine } from '@proxyless/core/spi'
import type { Kind } from '../documents/resource.ts'
import type { Report } from '../findings.ts'
import type { SpecOf } from '../schema/specs.ts'
import { checkDestinationRule } from './destination-rule.ts'
import { checkMeshSettings } from './mesh-settings.ts'
import { checkServiceEntry, checkWorkloadEntry } from './service-entry.ts'
import { checkSidecar } from './sidecar.ts'
import { checkVirtualService } from './virtual-service.ts'

type Check<K extends Kind> = (spec: SpecOf[K], report: Report, regex: RegexEngine, base: string) => void

const CHECKS: { readonly [K in Kind]?: Check<K> } = {
  VirtualService: checkVirtualService,
  DestinationRule: checkDestinationRule,
  ServiceEntry: checkServiceEntry,
  WorkloadEntry: (spec, report) => checkWorkloadEntry(spec, 'spec', report),
  Sidecar: checkSidecar,
  Gateway: (_spec, report) =>
    report.warn('NO_CLIENT_EFFECT', '', 'a Gateway configures proxies; here only its name matters'),
  WorkloadGroup: (_spec, report) => report.warn('NO_CLIENT_EFFECT', '', 'a WorkloadGroup is a template for proxies'),
  MeshConfig: (spec, report, _regex, base) => checkMeshSettings(spec, base, report),
}

/** `base`: the path of the fields in the document. */
export function checkSpec<K extends Kind>(
  kind: K,
  spec: SpecOf[K],
  report: Report,
  regex: RegexEngine,
  base: string,
): void {
  const check = CHECKS[kind]
  check?.(spec, report, regex, base)
}
