// A cluster's balancer, its localities and what is shared by all balancers -> Envoy's fields.
// Refuses what Envoy has not: peak EWMA, apertures, and what adapts.
import type { Cluster, LoadBalancer } from '@proxyless/core/spi'
import { duration, given, type Json, percent, typed } from './values.ts'

export function balancerOf(cluster: Cluster): Json {
  const { loadBalancer, slowStart, aperture, adaptive, localities } = cluster
  if (adaptive !== undefined) throw new Error(`${cluster.name}: Envoy adapts to nothing`)
  if (aperture !== undefined) throw new Error(`${cluster.name}: Envoy has no aperture`)
  const slow = given('slow_start_config', slowStart, (given) => ({
    slow_start_window: duration(given.windowMs),
    aggression: { default_value: given.aggression, runtime_key: 'none' },
    min_weight_percent: percent(given.minWeight),
  }))
  return {
    ...algorithmOf(cluster.name, loadBalancer, slow),
    common_lb_config: {
      healthy_panic_threshold: percent(cluster.panicThreshold),
      // what is known of endpoints counts at once, as it does here
      update_merge_window: '0s',
      ...(localities?.kind === 'weighted' && { locality_weighted_lb_config: {} }),
      ...(localities?.kind === 'zoneAware' && {
        zone_aware_lb_config: {
          routing_enabled: percent(localities.routingEnabled),
          min_cluster_size: localities.minClusterSize,
          fail_traffic_on_panic: localities.failTrafficOnPanic,
        },
      }),
      ...hashingOf(loadBalancer),
    },
  }
}

function algorithmOf(name: string, balancer: LoadBalancer, slow: Json): Json {
  switch (balancer.kind) {
    case 'roundRobin':
      return { lb_policy: 'ROUND_ROBIN', round_robin_lb_config: slow }
    case 'random':
      return { lb_policy: 'RANDOM' }
    case 'leastRequest': {
      const bias = given('active_request_bias', balancer.activeRequestBias, (value) => ({
        default_value: value,
        runtime_key: 'none',
      }))
      return {
        lb_policy: 'LEAST_REQUEST',
        least_request_lb_config: { choice_count: balancer.choices, ...bias, ...slow },
      }
    }
    case 'ringHash':
      return {
        lb_policy: 'RING_HASH',
        ring_hash_lb_config: {
          minimum_ring_size: balancer.minimumRingSize,
          ...given('maximum_ring_size', balancer.maximumRingSize),
        },
      }
    case 'maglev':
      return { lb_policy: 'MAGLEV', maglev_lb_config: { table_size: balancer.tableSize } }
    case 'clientWeightedRoundRobin':
      return { load_balancing_policy: { policies: [{ typed_extension_config: clientWeighted(balancer) }] } }
    case 'peakEwma':
      throw new Error(`${name}: Envoy's own build has no peak EWMA`)
  }
}

function clientWeighted(balancer: Extract<LoadBalancer, { kind: 'clientWeightedRoundRobin' }>): Json {
  const policy = 'load_balancing_policies.client_side_weighted_round_robin'
  return typed(`envoy.${policy}`, `envoy.extensions.${policy}.v3.ClientSideWeightedRoundRobin`, {
    blackout_period: duration(balancer.blackoutMs),
    weight_expiration_period: duration(balancer.expiryMs),
    weight_update_period: duration(balancer.updateMs),
    error_utilization_penalty: balancer.errorPenalty,
  })
}

function hashingOf(balancer: LoadBalancer): Json {
  if (balancer.kind !== 'ringHash' && balancer.kind !== 'maglev') return {}
  return {
    consistent_hashing_lb_config: {
      use_hostname_for_hashing: balancer.hashKey === 'hostname',
      ...given('hash_balance_factor', balancer.balanceFactor),
    },
  }
}
