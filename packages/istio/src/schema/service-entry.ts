// ServiceEntry and WorkloadEntry: their fields as Istio writes them.
import * as z from 'zod'
import { count, labels, optional, port, strings, unchecked } from './primitives.ts'
import type { Labels } from './primitives.ts'

export type Resolution = 'NONE' | 'STATIC' | 'DNS' | 'DNS_ROUND_ROBIN' | 'DYNAMIC_DNS'

export interface ServiceEntrySpec {
  readonly hosts: readonly string[]
  readonly addresses?: readonly string[]
  readonly ports?: readonly ServiceEntryPortSpec[]
  readonly location?: 'MESH_EXTERNAL' | 'MESH_INTERNAL'
  readonly resolution?: Resolution
  readonly endpoints?: readonly WorkloadEntrySpec[]
  readonly workloadSelector?: { readonly labels?: Labels }
  readonly exportTo?: readonly string[]
  readonly subjectAltNames?: readonly string[]
}

export interface ServiceEntryPortSpec {
  readonly number: number
  readonly name: string
  readonly protocol?: string
  readonly targetPort?: number
}

export interface WorkloadEntrySpec {
  readonly address?: string
  readonly ports?: Readonly<Record<string, number>>
  readonly labels?: Labels
  readonly network?: string
  readonly locality?: string
  readonly weight?: number
  readonly serviceAccount?: string
}

export const workloadEntrySchema: z.ZodType<WorkloadEntrySpec> = z.strictObject({
  address: optional(z.string()),
  ports: optional(z.record(z.string(), port)),
  labels: optional(labels),
  network: optional(z.string()),
  locality: optional(z.string()),
  weight: optional(count),
  serviceAccount: optional(z.string()),
})

export const serviceEntrySchema: z.ZodType<ServiceEntrySpec> = z.strictObject({
  hosts: z.array(z.string().min(1)).min(1),
  addresses: optional(strings),
  ports: optional(
    z.array(
      z.strictObject({
        number: port,
        name: z.string().min(1),
        protocol: optional(z.string()),
        targetPort: optional(port),
      }),
    ),
  ),
  location: optional(z.enum(['MESH_EXTERNAL', 'MESH_INTERNAL'])),
  resolution: optional(z.enum(['NONE', 'STATIC', 'DNS', 'DNS_ROUND_ROBIN', 'DYNAMIC_DNS'])),
  endpoints: optional(z.array(workloadEntrySchema)),
  workloadSelector: optional(z.strictObject({ labels: optional(labels) })),
  exportTo: optional(strings),
  subjectAltNames: optional(strings),
})

/** A template for proxies that register themselves; nothing in it concerns a caller. */
export const workloadGroupSchema: z.ZodType<Readonly<Record<string, unknown>>> = z.record(z.string(), unchecked)
