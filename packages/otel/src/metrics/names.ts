// Who calls and who is called, in the words of Istio's metrics (SEMANTICS 13.1).
import type { CallRecord } from '@proxyless/core'
import type { Labels } from '@proxyless/core/spi'
import type { Strangers } from './strangers.ts'

/** The calling process. */
export interface Source {
  readonly namespace: string
  readonly labels: Labels
  readonly cluster?: string
  /** Such as the pod's name. */
  readonly instance?: string
}

const unknown = 'unknown'
/** Kubernetes makes the names of pods of these letters, which spell no words. */
const ofDeployment = /^(.+)-[bcdf-hj-np-tv-z2-9]{6,10}-[bcdf-hj-np-tv-z2-9]{5}$/

export function sourceLabels({ namespace, labels, cluster, instance }: Source): Labels {
  // a name that is only this process' own would make series without end
  const workload = workloadOf(labels, instance !== undefined && ofDeployment.test(instance) ? instance : '')
  return {
    source_workload: workload,
    source_workload_namespace: namespace,
    source_principal: unknown,
    source_app: labels['app'] ?? unknown,
    source_version: labels['version'] ?? unknown,
    source_cluster: cluster ?? unknown,
    source_canonical_service: canonicalName(labels, workload),
    source_canonical_revision: canonicalRevision(labels),
  }
}

/**
 * @param cluster the mesh's own, in which endpoints are unless their labels say another
 * @param strangers hosts that no service claims
 */
export function destinationLabels(call: CallRecord, cluster: string | undefined, strangers: Strangers): Labels {
  const { endpointLabels: labels, endpointName, endpoint } = call
  const service = serviceOf(call, strangers)
  if (endpoint === '') return { ...nobody, ...service }
  const workload = workloadOf(labels, endpointName)
  return {
    destination_workload: workload,
    destination_workload_namespace: workload === unknown ? unknown : service.destination_service_namespace,
    destination_principal: unknown,
    destination_app: labels['app'] ?? unknown,
    destination_version: labels['version'] ?? unknown,
    destination_cluster: labels['topology.istio.io/cluster'] ?? cluster ?? unknown,
    destination_canonical_service: canonicalName(labels, workload),
    destination_canonical_revision: canonicalRevision(labels),
    ...service,
  }
}

const nobody = {
  destination_workload: unknown,
  destination_workload_namespace: unknown,
  destination_principal: unknown,
  destination_app: unknown,
  destination_version: unknown,
  destination_cluster: unknown,
  destination_canonical_service: unknown,
  destination_canonical_revision: 'latest',
}

type ServiceLabels = Record<
  'destination_service' | 'destination_service_name' | 'destination_service_namespace',
  string
>

/** Where no service is known the host of the request stands for it. */
function serviceOf({ service, cluster, route, authority }: CallRecord, strangers: Strangers): ServiceLabels {
  if (service === undefined || cluster === 'PassthroughCluster' || service.port === 0) {
    const asked = strangers.named(authority.replace(/:\d+$/, ''))
    const name = cluster === 'PassthroughCluster' ? cluster : route === 'block_all' ? 'BlackHoleCluster' : asked
    return named(asked, name, unknown)
  }
  const [name = '', namespace = '', svc] = service.host.split('.')
  return svc === 'svc'
    ? named(service.host, name, namespace)
    : named(service.host, service.host, service.namespace ?? unknown)
}

function named(host: string, name: string, namespace: string): ServiceLabels {
  return {
    destination_service: host,
    destination_service_name: name,
    destination_service_namespace: namespace,
  }
}

function workloadOf(labels: Labels, instance: string): string {
  const said = labels['service.istio.io/workload-name'] ?? ofDeployment.exec(instance)?.[1]
  if (said !== undefined) return said
  const { app, version } = labels
  if (app !== undefined) return version === undefined ? app : `${app}-${version}`
  return instance === '' ? unknown : instance
}

function canonicalName(labels: Labels, workload: string): string {
  return labels['service.istio.io/canonical-name'] ?? labels['app.kubernetes.io/name'] ?? labels['app'] ?? workload
}

function canonicalRevision(labels: Labels): string {
  return (
    labels['service.istio.io/canonical-revision'] ??
    labels['app.kubernetes.io/version'] ??
    labels['version'] ??
    'latest'
  )
}
