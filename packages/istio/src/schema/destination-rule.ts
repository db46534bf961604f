// DestinationRule: its fields as Istio writes them.
import * as z from 'zod'
import { labels, optional, strings, subsetName } from './primitives.ts'
import type { Labels } from './primitives.ts'
import { trafficPolicy } from './traffic-policy.ts'
import type { TrafficPolicySpec } from './traffic-policy.ts'

export interface DestinationRuleSpec {
  readonly host: string
  readonly exportTo?: readonly string[]
  readonly workloadSelector?: { readonly matchLabels?: Labels }
  readonly trafficPolicy?: TrafficPolicySpec
  readonly subsets?: readonly SubsetSpec[]
}

export interface SubsetSpec {
  readonly name: string
  readonly labels?: Labels
  readonly trafficPolicy?: TrafficPolicySpec
}

export const destinationRuleSchema: z.ZodType<DestinationRuleSpec> = z.strictObject({
  host: z.string().min(1),
  exportTo: optional(strings),
  workloadSelector: optional(z.strictObject({ matchLabels: optional(labels) })),
  trafficPolicy: optional(trafficPolicy),
  subsets: optional(
    z.array(z.strictObject({ name: subsetName, labels: optional(labels), trafficPolicy: optional(trafficPolicy) })),
  ),
})
