// The node as the server is told: who is asking, and what this client understands.
import type { BootstrapNode } from './bootstrap/bootstrap.ts'
import { Node } from './generated/envoy/config/core/v3/base.ts'

/** T2: Envoy's names of what a client understands. It takes part in overprovisioning, so it does not say that it cannot. */
const features = ['xds.config.resource-in-sotw', 'xds.config.supports-resource-ttl']

export function nodeMessage({ id, cluster, locality, metadata }: BootstrapNode): Node {
  return Node.fromPartial({
    id,
    cluster,
    ...(metadata === undefined ? {} : { metadata }),
    ...(locality === undefined ? {} : { locality }),
    userAgentName: 'proxyless',
    userAgentVersionType: { $case: 'userAgentVersion', value: '0.1.0' },
    clientFeatures: features,
  })
}
