// Load balancing: the fields of a cluster, or the first policy of its list that is known.
import type { LoadBalancer, SlowStart } from '@proxyless/core/spi'
import {
  type Cluster,
  Cluster_LbPolicy as Policy,
  type Cluster_SlowStartConfig,
  type LoadBalancingPolicy,
} from '../generated/envoy/config/cluster/v3/cluster.ts'
import { ClientSideWeightedRoundRobin } from '../generated/envoy/extensions/load_balancing_policies/client_side_weighted_round_robin/v3/client_side_weighted_round_robin.ts'
import type { LocalityLbConfig } from '../generated/envoy/extensions/load_balancing_policies/common/v3/common.ts'
import { LeastRequest } from '../generated/envoy/extensions/load_balancing_policies/least_request/v3/least_request.ts'
import { Maglev } from '../generated/envoy/extensions/load_balancing_policies/maglev/v3/maglev.ts'
import { Random } from '../generated/envoy/extensions/load_balancing_policies/random/v3/random.ts'
import { RingHash } from '../generated/envoy/extensions/load_balancing_policies/ring_hash/v3/ring_hash.ts'
import { RoundRobin } from '../generated/envoy/extensions/load_balancing_policies/round_robin/v3/round_robin.ts'
import { WrrLocality } from '../generated/envoy/extensions/load_balancing_policies/wrr_locality/v3/wrr_locality.ts'
import type { Any } from '../generated/google/protobuf/any.ts'
import { TypedStruct } from '../generated/xds/type/v3/typed_struct.ts'
import { PEAK_EWMA, readPeakEwma } from '../own/balancers.ts'
import type { Reading } from './reading.ts'
import { messageName, unpack } from './unpack.ts'

const maxRing = 8_388_608
const maxDepth = 16
const prefix = 'envoy.extensions.load_balancing_policies.'

export interface Balancing {
  readonly loadBalancer: LoadBalancer
  readonly slowStart?: SlowStart
  /** By weight of locality first. */
  readonly weighsLocalities: boolean
}

export function readBalancing(reading: Reading, cluster: Cluster): Balancing {
  if (cluster.loadBalancingPolicy !== undefined) {
    const found = readPolicies(reading, 'load_balancing_policy', cluster.loadBalancingPolicy, 0)
    if (found !== undefined) return found
    reading.refuse('load_balancing_policy', 'holds no policy that is known')
  }
  const weighsLocalities =
    reading.options.dialect === 'api' ||
    cluster.commonLbConfig?.localityConfigSpecifier?.$case === 'localityWeightedLbConfig'
  return { ...readField(reading, cluster), weighsLocalities }
}

function readField(reading: Reading, cluster: Cluster): Omit<Balancing, 'weighsLocalities'> {
  const { lbConfig, lbPolicy } = cluster
  const consistent = cluster.commonLbConfig?.consistentHashingLbConfig
  switch (lbPolicy) {
    case Policy.ROUND_ROBIN: {
      const config = lbConfig?.$case === 'roundRobinLbConfig' ? lbConfig.value : undefined
      return { loadBalancer: { kind: 'roundRobin' }, ...slowStart(reading, config?.slowStartConfig) }
    }
    case Policy.LEAST_REQUEST: {
      const config = lbConfig?.$case === 'leastRequestLbConfig' ? lbConfig.value : undefined
      const bias = config?.activeRequestBias?.defaultValue
      return {
        loadBalancer: leastRequest(reading, config?.choiceCount, bias),
        ...slowStart(reading, config?.slowStartConfig),
      }
    }
    case Policy.RING_HASH: {
      const config = lbConfig?.$case === 'ringHashLbConfig' ? lbConfig.value : undefined
      if (config !== undefined && config.hashFunction !== 0)
        reading.refuse('ring_hash_lb_config.hash_function', 'is not XX_HASH')
      return { loadBalancer: ringHash(reading, config?.minimumRingSize, config?.maximumRingSize, consistent) }
    }
    case Policy.MAGLEV: {
      const config = lbConfig?.$case === 'maglevLbConfig' ? lbConfig.value : undefined
      return { loadBalancer: { kind: 'maglev', tableSize: config?.tableSize ?? 65_537, ...hashing(consistent) } }
    }
    case Policy.RANDOM:
      return { loadBalancer: { kind: 'random' } }
    case Policy.CLUSTER_PROVIDED:
      return { loadBalancer: { kind: 'roundRobin' } }
    case Policy.LOAD_BALANCING_POLICY_CONFIG:
    case Policy.UNRECOGNIZED:
    default:
      reading.refuse('lb_policy', 'is not supported')
      return { loadBalancer: { kind: 'roundRobin' } }
  }
}

/** The first that is known (A52); undefined when none is. */
function readPolicies(reading: Reading, path: string, list: LoadBalancingPolicy, depth: number): Balancing | undefined {
  if (depth > maxDepth) {
    reading.refuse(path, `nested more than ${maxDepth} deep`)
    return undefined
  }
  for (const { typedExtensionConfig } of list.policies) {
    const any = typedExtensionConfig?.typedConfig
    const found = any === undefined ? undefined : readPolicy(reading, path, any, depth)
    if (found !== undefined) return found
  }
  return undefined
}

function readPolicy(reading: Reading, path: string, any: Any, depth: number): Balancing | undefined {
  const name = messageName(any)
  if (name === 'xds.type.v3.TypedStruct') return readCustom(reading, path, any)
  switch (name.startsWith(prefix) ? name.slice(prefix.length) : '') {
    case 'wrr_locality.v3.WrrLocality': {
      const list = unpack(reading, path, WrrLocality, any)?.endpointPickingPolicy
      const found = list === undefined ? undefined : readPolicies(reading, path, list, depth + 1)
      return found === undefined ? undefined : { ...found, weighsLocalities: true }
    }
    case 'round_robin.v3.RoundRobin': {
      const config = unpack(reading, path, RoundRobin, any)
      const weighsLocalities = weighs(config)
      return { loadBalancer: { kind: 'roundRobin' }, ...slowStart(reading, config?.slowStartConfig), weighsLocalities }
    }
    case 'least_request.v3.LeastRequest': {
      const config = unpack(reading, path, LeastRequest, any)
      return {
        loadBalancer: leastRequest(reading, config?.choiceCount, config?.activeRequestBias?.defaultValue),
        ...slowStart(reading, config?.slowStartConfig),
        weighsLocalities: weighs(config),
      }
    }
    case 'random.v3.Random':
      return { loadBalancer: { kind: 'random' }, weighsLocalities: weighs(unpack(reading, path, Random, any)) }
    case 'ring_hash.v3.RingHash': {
      const config = unpack(reading, path, RingHash, any)
      if (config !== undefined && config.hashFunction > 1) reading.refuse(`${path}.hash_function`, 'is not XX_HASH')
      const { minimumRingSize, maximumRingSize, consistentHashingLbConfig } = config ?? {}
      return {
        loadBalancer: ringHash(reading, minimumRingSize, maximumRingSize, consistentHashingLbConfig),
        weighsLocalities: config?.localityWeightedLbConfig !== undefined,
      }
    }
    case 'maglev.v3.Maglev': {
      const config = unpack(reading, path, Maglev, any)
      return {
        loadBalancer: {
          kind: 'maglev',
          tableSize: config?.tableSize ?? 65_537,
          ...hashing(config?.consistentHashingLbConfig),
        },
        weighsLocalities: config?.localityWeightedLbConfig !== undefined,
      }
    }
    case 'client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin': {
      const config = unpack(reading, path, ClientSideWeightedRoundRobin, any)
      const ms = (duration: Parameters<Reading['milliseconds']>[1], otherwise: number): number =>
        reading.milliseconds(path, duration) ?? otherwise
      return {
        loadBalancer: {
          kind: 'clientWeightedRoundRobin',
          blackoutMs: ms(config?.blackoutPeriod, 10_000),
          expiryMs: ms(config?.weightExpirationPeriod, 180_000),
          updateMs: Math.max(100, ms(config?.weightUpdatePeriod, 1000)),
          errorPenalty: config?.errorUtilizationPenalty ?? 1,
          ...(config?.enableOobLoadReport === true ? { outOfBandMs: ms(config.oobReportingPeriod, 10_000) } : {}),
        },
        weighsLocalities: false,
      }
    }
    default:
      return undefined
  }
}

/** A balancer of another project's: only those that this mesh's own control plane names. */
function readCustom(reading: Reading, path: string, any: Any): Balancing | undefined {
  const said = unpack(reading, path, TypedStruct, any)
  const loadBalancer = said?.typeUrl === PEAK_EWMA ? readPeakEwma(said.value) : undefined
  return loadBalancer && { loadBalancer, weighsLocalities: said?.value?.['weighsLocalities'] === true }
}

function weighs(config: { readonly localityLbConfig: LocalityLbConfig | undefined } | undefined): boolean {
  return config?.localityLbConfig?.localityConfigSpecifier?.$case === 'localityWeightedLbConfig'
}

function leastRequest(reading: Reading, choices: number | undefined, bias: number | undefined): LoadBalancer {
  if (choices !== undefined && choices < 2) reading.refuse('choice_count', 'less than 2')
  const most = reading.options.dialect === 'api' ? 10 : Infinity
  return {
    kind: 'leastRequest',
    choices: Math.min(most, choices ?? 2),
    ...(bias === undefined ? {} : { activeRequestBias: bias }),
  }
}

interface Hashing {
  readonly useHostnameForHashing: boolean
  readonly hashBalanceFactor: number | undefined
}

function ringHash(
  reading: Reading,
  minimum: number | undefined,
  maximum: number | undefined,
  consistent: Hashing | undefined,
): LoadBalancer {
  if ((minimum ?? 0) > maxRing || (maximum ?? 0) > maxRing) reading.refuse('ring_size', `more than ${maxRing}`)
  if (minimum !== undefined && maximum !== undefined && minimum > maximum) {
    reading.refuse('ring_size', 'the minimum is above the maximum')
  }
  return {
    kind: 'ringHash',
    minimumRingSize: minimum ?? 1024,
    ...(maximum === undefined ? {} : { maximumRingSize: maximum }),
    ...hashing(consistent),
  }
}

function hashing(config: Hashing | undefined): { hashKey?: 'hostname'; balanceFactor?: number } {
  return {
    ...(config?.useHostnameForHashing === true ? { hashKey: 'hostname' } : {}),
    ...(config?.hashBalanceFactor === undefined || config.hashBalanceFactor === 0
      ? {}
      : { balanceFactor: config.hashBalanceFactor }),
  }
}

function slowStart(reading: Reading, config: Cluster_SlowStartConfig | undefined): { slowStart?: SlowStart } {
  const windowMs = reading.milliseconds('slow_start_config.slow_start_window', config?.slowStartWindow)
  if (windowMs === undefined || windowMs === 0) return {}
  const aggression = config?.aggression?.defaultValue ?? 1
  return { slowStart: { windowMs, aggression, minWeight: (config?.minWeightPercent?.value ?? 10) / 100 } }
}
