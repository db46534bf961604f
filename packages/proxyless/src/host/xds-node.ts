// Who this process is to a control plane, where nobody says it: a sidecar's name in Istio's form, made of the workload.
import { hostname } from 'node:os'
import { workloadFromEnvironment } from './workload.ts'

export interface EnvironmentNode {
  readonly id: string
  readonly metadata: Readonly<Record<string, unknown>>
}

/** `sidecar~IP~NAME.NAMESPACE~NAMESPACE.svc.cluster.local`; the address from INSTANCE_IP or POD_IP, the name from POD_NAME or the host's. */
export async function nodeFromEnvironment(): Promise<EnvironmentNode> {
  const { env } = process
  const { namespace, labels, cluster, serviceAccount } = await workloadFromEnvironment()
  const address = env['INSTANCE_IP'] || env['POD_IP'] || '127.0.0.1'
  const name = env['POD_NAME'] || hostname()
  return {
    id: `sidecar~${address}~${name}.${namespace}~${namespace}.svc.cluster.local`,
    metadata: {
      NAMESPACE: namespace,
      LABELS: labels,
      ...(cluster === undefined ? {} : { CLUSTER_ID: cluster }),
      ...(serviceAccount === undefined ? {} : { SERVICE_ACCOUNT: serviceAccount }),
    },
  }
}
