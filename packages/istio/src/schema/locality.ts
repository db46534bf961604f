// Where calls go by locality: LocalityLoadBalancerSetting, and the slow start of new endpoints, WarmupConfiguration.
import * as z from 'zod'
import { count, optional, positiveDuration, strings } from './primitives.ts'

export interface LocalityLbSpec {
  readonly enabled?: boolean
  readonly distribute?: readonly DistributeSpec[]
  readonly failover?: readonly { readonly from?: string; readonly to?: string }[]
  readonly failoverPriority?: readonly string[]
}

/** Zone aware routing: the zones share what the client's kind asks, by how many endpoints they have. */
export interface ZoneAwareLbSpec {
  readonly enabled?: boolean
  readonly failover?: readonly { readonly from?: string; readonly to?: string }[]
  readonly failoverPriority?: readonly string[]
  /** Default 6. */
  readonly minClusterSize?: number
}

export interface DistributeSpec {
  /** `region/zone/subzone`, the end may be left out or `*`. */
  readonly from?: string
  /** Percent by locality. */
  readonly to?: Readonly<Record<string, number>>
}

export interface WarmupSpec {
  readonly duration?: number
  /** 0 to 100; default 10. */
  readonly minimumPercent?: number
  /** Default 1. */
  readonly aggression?: number
}

export const localityLbSetting: z.ZodType<LocalityLbSpec> = z.strictObject({
  enabled: optional(z.boolean()),
  distribute: optional(
    z.array(
      z.strictObject({
        from: optional(z.string()),
        to: optional(z.record(z.string(), z.int().min(0).max(4_294_967_295))),
      }),
    ),
  ),
  failover: optional(z.array(z.strictObject({ from: optional(z.string()), to: optional(z.string()) }))),
  failoverPriority: optional(strings),
})

export const zoneAwareLbSetting: z.ZodType<ZoneAwareLbSpec> = z.strictObject({
  enabled: optional(z.boolean()),
  failover: optional(z.array(z.strictObject({ from: optional(z.string()), to: optional(z.string()) }))),
  failoverPriority: optional(strings),
  minClusterSize: optional(count),
})

export const warmup: z.ZodType<WarmupSpec> = z.strictObject({
  duration: optional(positiveDuration),
  minimumPercent: optional(z.number().min(0).max(100)),
  aggression: optional(z.number().min(1)),
})
