// Sidecar and Gateway: their fields as Istio writes them. Of a Gateway only its name matters to a caller.
import * as z from 'zod'
import { destination, labels, optional, port, unchecked } from './primitives.ts'
import type { DestinationSpec, Labels } from './primitives.ts'

type OutboundMode = 'REGISTRY_ONLY' | 'ALLOW_ANY'

export interface SidecarSpec {
  readonly workloadSelector?: { readonly labels?: Labels }
  readonly ingress?: unknown
  readonly inboundConnectionPool?: unknown
  readonly egress?: readonly EgressSpec[]
  readonly outboundTrafficPolicy?: { readonly mode?: OutboundMode; readonly egressProxy?: DestinationSpec }
}

export interface EgressSpec {
  readonly port?: { readonly number?: number; readonly protocol?: string; readonly name?: string }
  readonly bind?: string
  readonly captureMode?: string
  readonly hosts: readonly string[]
}

export const sidecarSchema: z.ZodType<SidecarSpec> = z.strictObject({
  workloadSelector: optional(z.strictObject({ labels: optional(labels) })),
  ingress: optional(unchecked),
  inboundConnectionPool: optional(unchecked),
  egress: optional(
    z.array(
      z.strictObject({
        port: optional(
          z.strictObject({ number: optional(port), protocol: optional(z.string()), name: optional(z.string()) }),
        ),
        bind: optional(z.string()),
        captureMode: optional(z.string()),
        hosts: z.array(z.string().min(1)).min(1),
      }),
    ),
  ),
  outboundTrafficPolicy: optional(
    z.strictObject({ mode: optional(z.enum(['REGISTRY_ONLY', 'ALLOW_ANY'])), egressProxy: optional(destination) }),
  ),
})

export interface GatewaySpec {
  readonly selector?: Labels
  readonly servers?: readonly unknown[]
}

export const gatewaySchema: z.ZodType<GatewaySpec> = z.strictObject({
  selector: optional(labels),
  servers: optional(z.array(unchecked)),
})
