// Documents in a text, and where the API server keeps each.
import { load } from 'js-yaml'
import type { KubernetesObject } from './api-server.ts'

export interface Document {
  readonly text: string
  /** Path of the object at the API server. */
  readonly path: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
  /** As JSON; undefined for a text that is no YAML. */
  readonly object: KubernetesObject | undefined
}

const collections: Readonly<Record<string, string>> = {
  DestinationRule: 'destinationrules',
  EndpointSlice: 'endpointslices',
  Gateway: 'gateways',
  Pod: 'pods',
  Service: 'services',
  ServiceEntry: 'serviceentries',
  Sidecar: 'sidecars',
  VirtualService: 'virtualservices',
  WorkloadEntry: 'workloadentries',
}

/** @param namespace of documents that say none */
export function documentsIn(text: string, namespace: string): Document[] {
  return text
    .split(/^---$/m)
    .filter((each) => each.trim() !== '')
    .map((each) => documentOf(each, namespace))
}

function documentOf(text: string, fallback: string): Document {
  const object = read(text)
  const said = (field: string): string | undefined => new RegExp(`^${field}: *(\\S+)`, 'm').exec(text)?.[1]
  const kind = object?.kind ?? said('kind') ?? 'VirtualService'
  const group = object?.apiVersion ?? said('apiVersion') ?? 'networking.istio.io/v1'
  const name = object?.metadata?.name ?? 'unreadable'
  const namespace = object?.metadata?.namespace ?? fallback
  const plural = collections[kind]
  if (plural === undefined) throw new Error(`documents of kind ${kind} are not known here`)
  const root = group.includes('/') ? `/apis/${group}` : `/api/${group}`
  return { text, kind, name, namespace, object, path: `${root}/namespaces/${namespace}/${plural}/${name}` }
}

function read(text: string): KubernetesObject | undefined {
  try {
    const object = load(text) as KubernetesObject | undefined
    return typeof object === 'object' ? object : undefined
  } catch {
    return undefined
  }
}
