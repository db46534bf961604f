// Kubernetes Service and EndpointSlice, as far as a registry needs them; their many other fields are left alone.
import * as z from 'zod'
import { labels, optional, port, strings } from './primitives.ts'
import type { Labels } from './primitives.ts'

export interface ServiceSpec {
  readonly type?: string
  readonly clusterIP?: string
  readonly clusterIPs?: readonly string[]
  readonly externalName?: string
  readonly selector?: Labels | null
  readonly trafficDistribution?: string
  readonly ports?: readonly KubernetesPortSpec[]
}

export interface KubernetesPortSpec {
  readonly name?: string
  readonly port: number
  readonly protocol?: string
  readonly appProtocol?: string
  readonly targetPort?: number | string
}

export interface EndpointSliceSpec {
  readonly addressType?: string
  readonly endpoints?: readonly SliceEndpointSpec[] | null
  readonly ports?: readonly { readonly name?: string | null; readonly port?: number | null }[] | null
}

export interface SliceEndpointSpec {
  readonly addresses: readonly string[]
  readonly conditions?: {
    readonly ready?: boolean | null
    readonly serving?: boolean | null
    readonly terminating?: boolean | null
  }
  readonly hostname?: string
  readonly zone?: string
  readonly nodeName?: string
  readonly targetRef?: { readonly name?: string }
  readonly deprecatedTopology?: Labels
  readonly topology?: Labels
}

export const serviceSchema: z.ZodType<ServiceSpec> = z.looseObject({
  type: optional(z.string()),
  clusterIP: optional(z.string()),
  clusterIPs: optional(strings),
  externalName: optional(z.string()),
  selector: optional(z.nullable(labels)),
  trafficDistribution: optional(z.string()),
  ports: optional(
    z.array(
      z.looseObject({
        name: optional(z.string()),
        port,
        protocol: optional(z.string()),
        appProtocol: optional(z.string()),
        targetPort: optional(z.union([z.int(), z.string()])),
      }),
    ),
  ),
})

const condition = optional(z.nullable(z.boolean()))

export const endpointSliceSchema: z.ZodType<EndpointSliceSpec> = z.looseObject({
  addressType: optional(z.string()),
  endpoints: optional(
    z.nullable(
      z.array(
        z.looseObject({
          addresses: z.array(z.string()),
          conditions: optional(z.looseObject({ ready: condition, serving: condition, terminating: condition })),
          hostname: optional(z.string()),
          zone: optional(z.string()),
          nodeName: optional(z.string()),
          targetRef: optional(z.looseObject({ name: optional(z.string()) })),
          deprecatedTopology: optional(labels),
          topology: optional(labels),
        }),
      ),
    ),
  ),
  ports: optional(
    z.nullable(z.array(z.looseObject({ name: optional(z.nullable(z.string())), port: optional(z.nullable(z.int())) }))),
  ),
})
