// A cluster's balancer as a list of policies, the first of which that a client knows is used (gRFC A52; Envoy the same).
// What only this mesh has is a TypedStruct that others pass over; what gRPC does not have is followed by what it has.
import type { Cluster, LoadBalancer } from '@proxyless/core/spi'
import type { LoadBalancingPolicy } from '../generated/envoy/config/cluster/v3/cluster.ts'
import { ClientSideWeightedRoundRobin } from '../generated/envoy/extensions/load_balancing_policies/client_side_weighted_round_robin/v3/client_side_weighted_round_robin.ts'
import type {
  ConsistentHashingLbConfig,
  LocalityLbConfig,
  SlowStartConfig,
} from '../generated/envoy/extensions/load_balancing_policies/common/v3/common.ts'
import { LeastRequest } from '../generated/envoy/extensions/load_balancing_policies/least_request/v3/least_request.ts'
import { Maglev } from '../generated/envoy/extensions/load_balancing_policies/maglev/v3/maglev.ts'
import { Random } from '../generated/envoy/extensions/load_balancing_policies/random/v3/random.ts'
import { RingHash } from '../generated/envoy/extensions/load_balancing_policies/ring_hash/v3/ring_hash.ts'
import { RoundRobin } from '../generated/envoy/extensions/load_balancing_policies/round_robin/v3/round_robin.ts'
import { WrrLocality } from '../generated/envoy/extensions/load_balancing_policies/wrr_locality/v3/wrr_locality.ts'
import type { Any } from '../generated/google/protobuf/any.ts'
import { TypedStruct } from '../generated/xds/type/v3/typed_struct.ts'
import { PEAK_EWMA } from '../own/balancers.ts'
import type { EncoderOptions } from './encoder.ts'
import { duration, given, pack, packBytes, percent } from './values.ts'

type Dialect = EncoderOptions['dialect']

/** @param provided the cluster itself says where calls go: Envoy has no choice to make */
export function writeBalancing(cluster: Cluster, dialect: Dialect, provided: boolean): LoadBalancingPolicy {
  const { loadBalancer, localities } = cluster
  const weighted = localities?.kind === 'weighted'
  const policies = policiesOf(cluster, dialect)
  const hashes = loadBalancer.kind === 'ringHash' || loadBalancer.kind === 'maglev'
  // gRPC weighs localities by a policy of its own, but hashes by both weights in one; Envoy has that policy for load reports only
  const wraps = weighted && (dialect === 'api' ? !hashes : loadBalancer.kind === 'clientWeightedRoundRobin')
  const list = wraps ? [pack(typeOf('wrr_locality', 'WrrLocality'), WrrLocality, wrapped(policies))] : policies
  return listOf(provided ? [packBytes(typeOf('cluster_provided', 'ClusterProvided')), ...list] : list)
}

/** Which balancers can say of themselves that endpoints start slowly. */
export function startsSlowly({ kind }: LoadBalancer): boolean {
  return kind === 'roundRobin' || kind === 'leastRequest'
}

function policiesOf(cluster: Cluster, dialect: Dialect): Any[] {
  const { loadBalancer: balancer } = cluster
  const localityLbConfig = localityConfigOf(cluster)
  const roundRobin = pack(typeOf('round_robin', 'RoundRobin'), RoundRobin, {
    slowStartConfig: slowStartOf(cluster),
    localityLbConfig,
  })
  const others = dialect === 'api' ? [roundRobin] : []
  switch (balancer.kind) {
    case 'roundRobin':
      return [roundRobin]
    case 'random':
      return [pack(typeOf('random', 'Random'), Random, { localityLbConfig }), ...others]
    case 'leastRequest':
      return [leastRequest(cluster, balancer), ...others]
    case 'ringHash': {
      const { minimumRingSize, maximumRingSize } = balancer
      const ring = RingHash.fromPartial({
        hashFunction: 1,
        minimumRingSize,
        ...given('maximumRingSize', maximumRingSize, same),
        consistentHashingLbConfig: hashingOf(balancer),
        localityWeightedLbConfig: cluster.localities?.kind === 'weighted' ? {} : undefined,
      })
      return [pack(typeOf('ring_hash', 'RingHash'), RingHash, ring), ...others]
    }
    case 'maglev': {
      const maglev = Maglev.fromPartial({
        tableSize: balancer.tableSize,
        consistentHashingLbConfig: hashingOf(balancer),
        localityWeightedLbConfig: cluster.localities?.kind === 'weighted' ? {} : undefined,
      })
      return [pack(typeOf('maglev', 'Maglev'), Maglev, maglev), ...others]
    }
    case 'clientWeightedRoundRobin': {
      const weighted = ClientSideWeightedRoundRobin.fromPartial({
        blackoutPeriod: duration(balancer.blackoutMs),
        weightExpirationPeriod: duration(balancer.expiryMs),
        weightUpdatePeriod: duration(balancer.updateMs),
        errorUtilizationPenalty: balancer.errorPenalty,
        ...(balancer.outOfBandMs === undefined
          ? {}
          : { enableOobLoadReport: true, oobReportingPeriod: duration(balancer.outOfBandMs) }),
      })
      const type = typeOf('client_side_weighted_round_robin', 'ClientSideWeightedRoundRobin')
      return [pack(type, ClientSideWeightedRoundRobin, weighted), ...others]
    }
    case 'peakEwma': {
      const { decayMs, failurePenalty } = balancer
      const weighsLocalities = cluster.localities?.kind === 'weighted'
      const value = { decayMs, failurePenalty, weighsLocalities }
      const own = pack('xds.type.v3.TypedStruct', TypedStruct, { typeUrl: PEAK_EWMA, value })
      return [own, leastRequest(cluster, { kind: 'leastRequest', choices: 2 }), ...others]
    }
  }
}

function leastRequest(cluster: Cluster, balancer: Extract<LoadBalancer, { kind: 'leastRequest' }>): Any {
  const message = LeastRequest.fromPartial({
    choiceCount: balancer.choices,
    ...given('activeRequestBias', balancer.activeRequestBias, runtime),
  })
  const more = { slowStartConfig: slowStartOf(cluster), localityLbConfig: localityConfigOf(cluster) }
  return pack(typeOf('least_request', 'LeastRequest'), LeastRequest, { ...message, ...more })
}

function slowStartOf({ slowStart, loadBalancer }: Cluster): SlowStartConfig | undefined {
  if (slowStart === undefined || !startsSlowly(loadBalancer)) return undefined
  return {
    slowStartWindow: duration(slowStart.windowMs),
    aggression: runtime(slowStart.aggression),
    minWeightPercent: percent(slowStart.minWeight),
  }
}

function localityConfigOf({ localities }: Cluster): LocalityLbConfig | undefined {
  switch (localities?.kind) {
    case 'weighted':
      return { localityConfigSpecifier: { $case: 'localityWeightedLbConfig', value: {} } }
    case 'zoneAware': {
      const { routingEnabled, minClusterSize, failTrafficOnPanic } = localities
      const value = { routingEnabled: percent(routingEnabled), minClusterSize, failTrafficOnPanic }
      return { localityConfigSpecifier: { $case: 'zoneAwareLbConfig', value } }
    }
    case undefined:
      return undefined
  }
}

function hashingOf({
  hashKey,
  balanceFactor,
}: Extract<LoadBalancer, { kind: 'ringHash' | 'maglev' }>): ConsistentHashingLbConfig {
  return { useHostnameForHashing: hashKey === 'hostname', hashBalanceFactor: balanceFactor }
}

/** A number that Envoy could override while it runs: by nobody. */
function runtime(value: number): { defaultValue: number; runtimeKey: string } {
  return { defaultValue: value, runtimeKey: 'none' }
}

function wrapped(policies: readonly Any[]): WrrLocality {
  return { endpointPickingPolicy: listOf(policies) }
}

function listOf(policies: readonly Any[]): LoadBalancingPolicy {
  return {
    policies: policies.map((typedConfig) => ({
      typedExtensionConfig: { name: nameOf(typedConfig.typeUrl), typedConfig },
    })),
  }
}

const prefix = 'envoy.extensions.load_balancing_policies.'

function typeOf(folder: string, message: string): string {
  return `${prefix}${folder}.v3.${message}`
}

/** `envoy.load_balancing_policies.random` of `.../envoy.extensions.load_balancing_policies.random.v3.Random`. */
function nameOf(typeUrl: string): string {
  const [folder = ''] = typeUrl
    .slice(typeUrl.lastIndexOf('/') + 1)
    .replace(prefix, '')
    .split('.')
  return `envoy.load_balancing_policies.${folder}`
}

function same<T>(value: T): T {
  return value
}
