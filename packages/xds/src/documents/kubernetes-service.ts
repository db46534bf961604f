// Kubernetes' services, which istiod hands out as ServiceEntries without endpoints: again the Services that they were.
// What istiod leaves out stays out: where a port leads, what an ExternalName stands for.
import type { Document } from './read-document.ts'

interface ServiceEntrySpec {
  readonly hosts?: readonly string[]
  readonly addresses?: readonly string[]
  readonly ports?: readonly { readonly number?: number; readonly name?: string; readonly protocol?: string }[]
  readonly location?: string
  readonly resolution?: string
  readonly exportTo?: readonly string[]
  readonly endpoints?: readonly unknown[]
  readonly workloadSelector?: { readonly labels?: Readonly<Record<string, string>> }
}

const prefix = 'synthetic-'
/** Of a service without an address of its own. */
const noAddress = '0.0.0.0'
/** What istiod says where nobody does. */
const unsaid = 'UnsupportedProtocol'

/** All others as they are; an ExternalName stays a service that is found by its own name. */
export function asWritten(document: Document): Document {
  const { kind, metadata, spec } = document
  const { name: full, namespace = '', ...rest } = metadata
  const name = full.slice(prefix.length)
  const { hosts = [], endpoints, location, exportTo, ...said } = spec as ServiceEntrySpec
  const isMade =
    kind === 'ServiceEntry' &&
    full.startsWith(prefix) &&
    hosts.length === 1 &&
    hosts[0]?.startsWith(`${name}.${namespace}.svc.`) === true &&
    endpoints === undefined
  if (!isMade) return document
  const addresses = (said.addresses ?? []).filter((address) => address !== noAddress)
  if (location !== 'MESH_INTERNAL') return { ...document, spec: { ...spec, addresses } }
  const selector = said.workloadSelector?.labels
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name,
      namespace,
      ...rest,
      ...(exportTo === undefined ? {} : { annotations: { 'networking.istio.io/exportTo': exportTo.join(',') } }),
    },
    spec: {
      clusterIP: addresses[0] ?? 'None',
      ...(addresses.length > 1 ? { clusterIPs: addresses } : {}),
      ...(selector === undefined ? {} : { selector }),
      ports: (said.ports ?? []).map(({ number, name: portName, protocol = unsaid }) => ({
        port: number,
        ...(portName === undefined ? {} : { name: portName }),
        protocol: protocol === 'UDP' ? 'UDP' : 'TCP',
        ...(protocol === unsaid || protocol === 'UDP' ? {} : { appProtocol: protocol.toLowerCase() }),
      })),
    },
  }
}
