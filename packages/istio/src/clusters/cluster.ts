// One cluster: a port of a service, or of a subset of it, under the policy that governs it.
import type { Cluster, Discovery, Endpoint, Origin } from '@proxyless/core/spi'
import { originOf } from '../documents/resource.ts'
import type { Resource } from '../documents/resource.ts'
import { hasLabels } from '../registry/labels.ts'
import type { MeshService, ServicePort } from '../registry/service.ts'
import { BUILT_IN } from '../world/settings.ts'
import type { World } from '../world/world.ts'
import { translateAnnotations } from './annotated.ts'
import {
  translateBreakers,
  translateConnectionPool,
  translateLoadBalancer,
  translateOutlierDetection,
  translateSlowStart,
  translateTls,
} from './blocks.ts'
import type { PlacedSubset, Rule } from './destination-rules.ts'
import { placeEndpoints } from './locality.ts'
import { composePolicy } from './policy.ts'
import type { Policy } from './policy.ts'

export const PASSTHROUGH = 'PassthroughCluster'

export function clusterName(host: string, port: number, subset = ''): string {
  return `outbound|${port}|${subset}|${host}`
}

/** The cluster of a single pod of a headless service is the pod that the caller names. */
export function podClusterHost(service: MeshService): string {
  return `*.${service.host}`
}

export function translateCluster(
  world: World,
  service: MeshService,
  port: ServicePort,
  rule: Rule | undefined,
  subset: PlacedSubset | undefined,
): Cluster {
  const policy = composePolicy(rule, subset, port.number, world.settings)
  const outlier = policy.outlierDetection
  const tls = translateTls(policy.tls?.value, service.subjectAltNames)
  const variant = subset?.spec.name
  const pool = policy.connectionPool?.value
  const chosen = discoveryOf(world, port.discovery, policy, subset)
  const documents = [subset?.resource, rule?.resource].filter((one) => one !== undefined)
  const placed = placeEndpoints(world, service, policy, chosen, documents)
  const { discovery, localities } = placed
  const byFields = translateLoadBalancer(policy.loadBalancer?.value, world.compat)
  const hashes = byFields.kind === 'ringHash' || byFields.kind === 'maglev'
  const extensions = translateAnnotations(world, rule?.annotations, hashes)
  const slowStart = translateSlowStart(policy.loadBalancer?.value)
  if (rule !== undefined) warnOfEndpoints(world, service, discovery, policy, subset, rule.resource)
  return {
    name: clusterName(service.host, port.number, variant),
    service: {
      host: service.host,
      port: port.number,
      ...(variant === undefined ? {} : { variant }),
      ...(service.kubernetes ? {} : { namespace: service.namespace }),
    },
    ...(service.external === true ? { external: true } : {}),
    discovery,
    loadBalancer: extensions.loadBalancer ?? byFields,
    protocol: isHttp2(world, port, policy) ? 'http2' : 'http1',
    connectTimeoutMs: pool?.tcp?.connectTimeout ?? world.settings.connectTimeoutMs,
    connectionPool: translateConnectionPool(pool, world.settings, world.compat),
    circuitBreakers: translateBreakers(pool, policy.retryBudget?.value),
    ...(outlier === undefined ? {} : { outlierDetection: translateOutlierDetection(outlier.value, world.compat) }),
    panicThreshold: outlier === undefined ? world.compat.panicThreshold : (outlier.value.minHealthPercent ?? 0) / 100,
    ...(localities === undefined ? {} : { localities }),
    ...(slowStart === undefined ? {} : { slowStart }),
    ...(tls === undefined ? {} : { tls }),
    ...extensions.parts,
    origin: subset === undefined ? originOf(service.resource, '') : originOf(subset.resource, subset.path),
    origins: { ...originsOf(world, policy), localities: placed.origin, ...extensions.origins },
  }
}

/** Traffic to hosts nobody knows: no balancing, no limits. */
export function passthroughCluster(world: World): Cluster {
  return {
    name: PASSTHROUGH,
    service: { host: PASSTHROUGH, port: 0 },
    discovery: { kind: 'originalDestination' },
    loadBalancer: { kind: 'roundRobin' },
    protocol: 'http1',
    connectTimeoutMs: world.settings.connectTimeoutMs,
    connectionPool: { ...translateConnectionPool(undefined, world.settings, world.compat), idleTimeoutMs: 300_000 },
    circuitBreakers: translateBreakers(undefined, undefined),
    panicThreshold: world.compat.panicThreshold,
    origin: BUILT_IN,
    origins: {},
  }
}

function discoveryOf(world: World, discovery: Discovery, policy: Policy, subset: PlacedSubset | undefined): Discovery {
  const block = policy.loadBalancer?.value
  if (block?.simple === 'PASSTHROUGH' && block.consistentHash === undefined) return { kind: 'originalDestination' }
  if (discovery.kind === 'originalDestination') return discovery
  const drop = world.compat.dropUnhealthy && policy.outlierDetection === undefined
  const labels = subset?.spec.labels ?? {}
  const keeps = (endpoint: Endpoint): boolean =>
    hasLabels(endpoint.labels, labels) && !(drop && endpoint.health === 'unhealthy')
  return discovery.endpoints.every(keeps) ? discovery : { ...discovery, endpoints: discovery.endpoints.filter(keeps) }
}

function warnOfEndpoints(
  world: World,
  service: MeshService,
  discovery: Discovery,
  policy: Policy,
  subset: PlacedSubset | undefined,
  rule: Resource,
): void {
  if (discovery.kind !== 'static' || world.fromControlPlane) return
  const { length } = discovery.endpoints
  if (length === 0 && subset !== undefined) {
    const message = `no endpoint of ${service.host} carries the labels of subset "${subset.spec.name}"; requests to it get 503`
    world.findings.info('SUBSET_EMPTY', subset.resource, subset.path, message)
  }
  const outlier = policy.outlierDetection
  if (outlier === undefined || length === 0) return
  const percent = outlier.value.maxEjectionPercent || 10
  if (Math.floor((length * percent) / 100) > 0 || outlier.origin.resource !== rule.id) return
  const message = `with ${length} endpoint${length === 1 ? '' : 's'} of ${service.host}, a maxEjectionPercent of ${percent} never allows an ejection`
  world.findings.warn('OD_NEVER_EJECTS', rule, outlier.origin.path, message)
}

function isHttp2(world: World, port: ServicePort, policy: Policy): boolean {
  if (port.protocol === 'http2') return true
  const said = policy.connectionPool?.value.http?.h2UpgradePolicy ?? 'DEFAULT'
  return port.protocol === 'http' && (said === 'DEFAULT' ? world.settings.upgradeToHttp2 : said === 'UPGRADE')
}

function originsOf(world: World, policy: Policy): Record<string, Origin> {
  const { connectionPool, loadBalancer, outlierDetection, tls } = policy
  const timeout =
    connectionPool?.value.tcp?.connectTimeout === undefined
      ? world.settings.originOf('connectTimeout')
      : connectionPool.origin
  return {
    loadBalancer: loadBalancer?.origin ?? BUILT_IN,
    connectionPool: connectionPool?.origin ?? BUILT_IN,
    connectTimeout: timeout,
    ...(outlierDetection === undefined ? {} : { outlierDetection: outlierDetection.origin }),
    ...(tls === undefined ? {} : { tls: tls.origin }),
  }
}
