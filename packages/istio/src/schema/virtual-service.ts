// VirtualService: its fields as Istio writes them.
import * as z from 'zod'
import {
  bigCount,
  count,
  destination,
  duration,
  labels,
  optional,
  percent,
  percentMessage,
  port,
  positiveDuration,
  stringMatch,
  strings,
  unchecked,
} from './primitives.ts'
import type { DestinationSpec, Labels, PercentSpec, StringMatchSpec } from './primitives.ts'
import { isRecord } from './walk.ts'

export interface VirtualServiceSpec {
  readonly hosts?: readonly string[]
  readonly gateways?: readonly string[]
  readonly exportTo?: readonly string[]
  readonly http?: readonly HttpRouteSpec[]
  readonly tls?: readonly L4RouteSpec[]
  readonly tcp?: readonly L4RouteSpec[]
}

export interface HttpRouteSpec {
  readonly name?: string
  readonly match?: readonly HttpMatchSpec[]
  readonly route?: readonly HttpDestinationSpec[]
  readonly redirect?: RedirectSpec
  readonly directResponse?: DirectResponseSpec
  readonly delegate?: DelegateSpec
  readonly rewrite?: RewriteSpec
  readonly timeout?: number
  readonly retries?: RetriesSpec
  readonly fault?: FaultSpec
  readonly mirror?: DestinationSpec
  readonly mirrorPercentage?: PercentSpec
  readonly mirrorPercent?: number
  readonly mirrors?: readonly MirrorSpec[]
  readonly corsPolicy?: unknown
  readonly headers?: HeadersSpec
}

export interface HttpMatchSpec {
  readonly name?: string
  readonly uri?: StringMatchSpec
  readonly scheme?: StringMatchSpec
  readonly method?: StringMatchSpec
  readonly authority?: StringMatchSpec
  readonly headers?: Readonly<Record<string, StringMatchSpec>>
  readonly withoutHeaders?: Readonly<Record<string, StringMatchSpec | null>>
  readonly queryParams?: Readonly<Record<string, StringMatchSpec>>
  readonly port?: number
  readonly sourceLabels?: Labels
  readonly sourceNamespace?: string
  readonly gateways?: readonly string[]
  readonly ignoreUriCase?: boolean
  readonly statPrefix?: string
}

export interface HttpDestinationSpec {
  readonly destination: DestinationSpec
  readonly weight?: number
  readonly headers?: HeadersSpec
}

export interface HeadersSpec {
  readonly request?: HeaderOperationsSpec
  readonly response?: HeaderOperationsSpec
}

export interface HeaderOperationsSpec {
  readonly set?: Readonly<Record<string, string>>
  readonly add?: Readonly<Record<string, string>>
  readonly remove?: readonly string[]
}

export interface RedirectSpec {
  readonly uri?: string
  readonly prefixRewrite?: string
  readonly authority?: string
  readonly port?: number
  readonly derivePort?: 'FROM_PROTOCOL_DEFAULT' | 'FROM_REQUEST_PORT'
  readonly scheme?: string
  readonly redirectCode?: number
}

export interface DirectResponseSpec {
  readonly status: number
  readonly body?: { readonly string?: string; readonly bytes?: string }
}

interface DelegateSpec {
  readonly name: string
  readonly namespace?: string
}

export interface RewriteSpec {
  readonly uri?: string
  readonly authority?: string
  readonly uriRegexRewrite?: { readonly match?: string; readonly rewrite?: string }
}

export interface RetriesSpec {
  readonly attempts?: number
  readonly perTryTimeout?: number
  readonly retryOn?: string
  readonly retryRemoteLocalities?: boolean
  readonly retryIgnorePreviousHosts?: boolean
  readonly backoff?: number
}

export interface FaultSpec {
  readonly delay?: {
    readonly fixedDelay?: number
    readonly exponentialDelay?: number
    readonly percentage?: PercentSpec
    readonly percent?: number
  }
  readonly abort?: {
    readonly httpStatus?: number
    readonly grpcStatus?: string
    readonly http2Error?: string
    readonly percentage?: PercentSpec
  }
}

interface MirrorSpec {
  readonly destination: DestinationSpec
  readonly percentage?: PercentSpec
}

/** A tls or tcp route: checked and kept, not used by HTTP calls. */
export interface L4RouteSpec {
  readonly match?: readonly L4MatchSpec[]
  readonly route?: readonly { readonly destination: DestinationSpec; readonly weight?: number }[]
}

interface L4MatchSpec {
  readonly sniHosts?: readonly string[]
  readonly destinationSubnets?: readonly string[]
  readonly port?: number
  readonly sourceLabels?: Labels
  readonly sourceSubnet?: string
  readonly sourceNamespace?: string
  readonly gateways?: readonly string[]
}

const headerOperations = z.strictObject({
  set: optional(z.record(z.string(), z.string())),
  add: optional(z.record(z.string(), z.string())),
  remove: optional(strings),
})

const headers = z.strictObject({ request: optional(headerOperations), response: optional(headerOperations) })

/** Unlike a field, an entry that is null is not "not set": it would match anything. */
const matchers = z.preprocess(
  (entries, context) => {
    for (const [name, matcher] of Object.entries(isRecord(entries) ? entries : {})) {
      if (matcher !== null) continue
      const message = 'expected a mapping, found nothing (null); write {} for "present"'
      context.issues.push({ code: 'custom', path: [name], message, input: entries })
    }
    return entries
  },
  z.record(z.string(), stringMatch),
)

export const httpMatch: z.ZodType<HttpMatchSpec> = z.strictObject({
  name: optional(z.string()),
  uri: optional(stringMatch),
  scheme: optional(stringMatch),
  method: optional(stringMatch),
  authority: optional(stringMatch),
  headers: optional(matchers),
  withoutHeaders: optional(z.record(z.string(), z.nullable(stringMatch))),
  queryParams: optional(matchers),
  port: optional(port),
  sourceLabels: optional(labels),
  sourceNamespace: optional(z.string()),
  gateways: optional(strings),
  ignoreUriCase: optional(z.boolean()),
  statPrefix: optional(z.string()),
})

const redirect = z.strictObject({
  uri: optional(z.string()),
  prefixRewrite: optional(z.string()),
  authority: optional(z.string()),
  port: optional(port),
  derivePort: optional(z.enum(['FROM_PROTOCOL_DEFAULT', 'FROM_REQUEST_PORT'])),
  scheme: optional(z.string()),
  redirectCode: optional(count),
})

export const retries: z.ZodType<RetriesSpec> = z.strictObject({
  attempts: optional(z.int().min(0)),
  perTryTimeout: optional(positiveDuration),
  retryOn: optional(z.string()),
  retryRemoteLocalities: optional(z.boolean()),
  retryIgnorePreviousHosts: optional(z.boolean()),
  backoff: optional(positiveDuration),
})

const fault = z.strictObject({
  delay: optional(
    z.strictObject({
      fixedDelay: optional(positiveDuration),
      exponentialDelay: optional(duration),
      percentage: optional(percentMessage),
      percent: optional(percent),
    }),
  ),
  abort: optional(
    z.strictObject({
      httpStatus: optional(z.int().min(200).max(600)),
      grpcStatus: optional(z.string()),
      http2Error: optional(z.string()),
      percentage: optional(percentMessage),
    }),
  ),
})

const httpRoute: z.ZodType<HttpRouteSpec> = z.strictObject({
  name: optional(z.string()),
  match: optional(z.array(httpMatch)),
  route: optional(z.array(z.strictObject({ destination, weight: optional(count), headers: optional(headers) }))),
  redirect: optional(redirect),
  directResponse: optional(
    z.strictObject({
      status: z.int().min(200).max(600),
      body: optional(z.strictObject({ string: optional(z.string()), bytes: optional(z.base64()) })),
    }),
  ),
  delegate: optional(z.strictObject({ name: z.string().min(1), namespace: optional(z.string()) })),
  rewrite: optional(
    z.strictObject({
      uri: optional(z.string()),
      authority: optional(z.string()),
      uriRegexRewrite: optional(z.strictObject({ match: optional(z.string()), rewrite: optional(z.string()) })),
    }),
  ),
  timeout: optional(duration),
  retries: optional(retries),
  fault: optional(fault),
  mirror: optional(destination),
  mirrorPercentage: optional(percentMessage),
  mirrorPercent: optional(percent),
  mirrors: optional(z.array(z.strictObject({ destination, percentage: optional(percentMessage) }))),
  corsPolicy: optional(unchecked),
  headers: optional(headers),
})

const l4Route: z.ZodType<L4RouteSpec> = z.strictObject({
  match: optional(
    z.array(
      z.strictObject({
        sniHosts: optional(strings),
        destinationSubnets: optional(strings),
        port: optional(port),
        sourceLabels: optional(labels),
        sourceSubnet: optional(z.string()),
        sourceNamespace: optional(z.string()),
        gateways: optional(strings),
      }),
    ),
  ),
  route: optional(z.array(z.strictObject({ destination, weight: optional(bigCount) }))),
})

export const virtualServiceSchema: z.ZodType<VirtualServiceSpec> = z.strictObject({
  hosts: optional(strings),
  gateways: optional(strings),
  exportTo: optional(strings),
  http: optional(z.array(httpRoute)),
  tls: optional(z.array(l4Route)),
  tcp: optional(z.array(l4Route)),
})
