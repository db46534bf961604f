// What createMesh takes. Checked here, so that a wrong option is named at the door.
import { MeshError, type Clock, type ConfigSource, type MeshObserver, type Random } from '@proxyless/core'
import { complaintOfNames, type Loosening, loosenings } from '@proxyless/context'
import type { DocumentFeed } from '@proxyless/feed'
import type { MeshSettingsInput } from '@proxyless/istio'
import { checkWorkload } from './workload-option.ts'
import type { WorkloadOption } from './workload-option.ts'
import type { AccessLogFormat, AccessLogOptions } from './telemetry/access-log.ts'

export interface CreateMeshOptions {
  /**
   * Where Istio documents come from: the path of a file or directory (watched), the http:// or https:// address of a feed, or
   * `feed({...})`; or several of them and documents themselves (YAML texts or objects), of which later ones win per document.
   * Or `xds://host:port` of a control plane, or a ConfigSource such as `xds(...)`.
   */
  readonly config: string | DocumentFeed | readonly (string | DocumentFeed | object)[] | ConfigSource
  /** Who is calling; what is left out comes from the environment (POD_NAMESPACE and the like). */
  readonly workload?: WorkloadOption
  /** Istio's MeshConfig fields; a `kind: MeshConfig` document overrides them. */
  readonly meshConfig?: MeshSettingsInput
  /** Which Istio's defaults hold, and what else is done as somebody else does it. Default `latest`. */
  readonly compat?: CompatProfile | Compat
  /** Refuse documents with unknown fields instead of warning. Default false. */
  readonly strict?: boolean
  /** What a failure of the mesh's own looks like to the caller: Envoy's response, or a thrown MeshError. Default `response`. */
  readonly localReply?: 'response' | 'throw'
  /** Obey `x-envoy-*` timeout and retry headers of the application. Default false, as Envoy since 1.33. */
  readonly trustRequestHeaders?: boolean
  /** Apply http rules to https:// requests; false: as a sidecar, which cannot see into them. Default true. */
  readonly httpsAsL7?: boolean
  /** Ports exactly as a sidecar has them, without what makes plain cases work. Default false. */
  readonly strictSidecarPorts?: boolean
  /** Bytes of a streamed request body kept for another attempt. Default 1 MiB. */
  readonly maxReplayBytes?: number
  /** Time and chance, for tests. Defaults: the process clock, a generator seeded by the system. */
  readonly clock?: Clock
  readonly random?: Random
  readonly observer?: MeshObserver
  /** One line for each call: Envoy's default format, or JSON with Istio's names; on standard output unless `write` takes it. Default: none. */
  readonly accessLog?: AccessLogFormat | AccessLogOptions
  /** Serve the metrics of this mesh for Prometheus at this port, path `/metrics`; 0: any free one. Default: not served. */
  readonly metricsPort?: number
  /** Spans and metrics by OpenTelemetry, where the application has its API and an SDK; false: none. Default true. */
  readonly otel?: boolean | OtelOptions
  /** Add x-request-id and x-envoy-attempt-count to what is sent. Default true each. */
  readonly requestId?: boolean
  readonly attemptCount?: boolean
  /** False switches all fault injection off; so does PROXYLESS_FAULTS=off. Default true. */
  readonly faults?: boolean
  /** Calls inherit of the request that is being answered, whatever server of this process it came to. Default true. */
  readonly inbound?: boolean
  /** Names of headers that calls inherit beside those of traces, `baggage` and `x-request-id`. Default none. */
  readonly inherit?: readonly string[]
  /** What `mesh.with` may loosen: `timeout` (longer than the route's), `subset`. Default none. */
  readonly overrides?: readonly Loosening[]
  /** Retry although a sidecar is in front of this process, which retries too. Default false. */
  readonly doubleRetries?: boolean
}

interface OtelOptions {
  /** A span for each call, around those of its attempts. Default true. */
  readonly callSpans?: boolean
  /** `http.client.*` and `rpc.client.*` of each attempt. Default true. */
  readonly clientMetrics?: boolean
}

type CompatProfile = 'latest' | 'istio-1.4'

export interface Compat {
  /** Default `latest`. */
  readonly profile?: CompatProfile
  /** The status of a gRPC call that the mesh's own timeouts end. Default 4, DEADLINE_EXCEEDED; Envoy's is 14, UNAVAILABLE. */
  readonly grpcTimeoutStatus?: 4 | 14
}

/** Both forms as one. */
export function compatOf({ compat }: CreateMeshOptions): Compat {
  return typeof compat === 'string' ? { profile: compat } : (compat ?? {})
}

export const switches = [
  'strict',
  'trustRequestHeaders',
  'httpsAsL7',
  'strictSidecarPorts',
  'requestId',
  'attemptCount',
  'faults',
  'inbound',
  'doubleRetries',
] as const

/** Those that a process can set only by code. */
export const codeOptions: readonly string[] = ['clock', 'random', 'observer']

const known: ReadonlySet<string> = new Set([
  'config',
  'workload',
  'meshConfig',
  'compat',
  'localReply',
  'maxReplayBytes',
  'inherit',
  'overrides',
  'accessLog',
  'metricsPort',
  'otel',
  ...codeOptions,
  ...switches,
])

/** @throws MeshError INVALID_OPTION naming the option, what it is and what it may be */
export function checkOptions(options: CreateMeshOptions): void {
  if (typeof options !== 'object' || options === null)
    refuse('createMesh needs an options object such as { config: "./mesh" }')
  const names = Object.keys(options)
  // unknown names first, then what is there, `config` always
  for (const name of names) if (!known.has(name)) refuse(complaintOf(name, undefined) ?? name)
  for (const name of new Set(['config', ...names])) {
    const complaint = complaintOf(name, (options as unknown as Record<string, unknown>)[name])
    if (complaint !== undefined) refuse(complaint)
  }
}

/** What is wrong with an option, as a sentence that names it; undefined: nothing. */
export function complaintOf(name: string, value: unknown): string | undefined {
  if (!known.has(name)) return `unknown option "${name}"; known are ${[...known].join(', ')}`
  if (name === 'config') return complaintOfConfig(value)
  if (value === undefined) return undefined
  if (name === 'workload') return checkWorkload(value)
  if (name === 'compat') return complaintOfCompat(value)
  if (name === 'accessLog') return complaintOfLog(value)
  if (name === 'otel') return complaintOfOtel(value)
  if (name === 'localReply') return oneOf(name, value, ['response', 'throw'])
  if (name === 'inherit') return complaintOfInherit(value)
  if (name === 'overrides') return complaintOfLoosenings(value)
  if (name === 'metricsPort') {
    if (Number.isInteger(value) && Number(value) >= 0 && Number(value) < 65_536) return undefined
    return `metricsPort must be a port, 0 to 65535, not ${show(value)}`
  }
  if (name === 'maxReplayBytes') {
    if (Number.isInteger(value) && Number(value) >= 0) return undefined
    return `maxReplayBytes must be a whole number of bytes, 0 or more, not ${show(value)}`
  }
  if ((switches as readonly string[]).includes(name)) {
    return typeof value === 'boolean' ? undefined : `${name} must be true or false, not ${show(value)}`
  }
  return isObject(value) ? undefined : `${name} must be an object, not ${show(value)}`
}

function complaintOfConfig(config: unknown): string | undefined {
  const isOpened = typeof config === 'object' && config !== null && ('start' in config || 'open' in config)
  if (typeof config === 'string' || Array.isArray(config) || isOpened) return undefined
  return 'config must be a path, the address of a feed, feed({...}), an array of these and of documents, or a ConfigSource'
}

function complaintOfInherit(names: unknown): string | undefined {
  if (!isListOfTexts(names)) return `inherit must be a list of header names, not ${show(names)}`
  const complaint = complaintOfNames(names)
  return complaint === undefined ? undefined : `inherit: ${complaint}`
}

function complaintOfLoosenings(names: unknown): string | undefined {
  const known: readonly string[] = loosenings
  if (isListOfTexts(names) && names.every((name) => known.includes(name))) return undefined
  return `overrides must be a list of ${loosenings.join(', ')}, not ${show(names)}`
}

function isListOfTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}

function complaintOfCompat(compat: unknown): string | undefined {
  if (!isObject(compat)) return oneOf('compat', compat, ['latest', 'istio-1.4'])
  const { profile = 'latest', grpcTimeoutStatus = 4, ...rest } = compat as Compat
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) return `unknown option "compat.${unknown}"; known are profile, grpcTimeoutStatus`
  if (grpcTimeoutStatus !== 4 && grpcTimeoutStatus !== 14)
    return `compat.grpcTimeoutStatus must be 4 or 14, not ${show(grpcTimeoutStatus)}`
  return oneOf('compat.profile', profile, ['latest', 'istio-1.4'])
}

function complaintOfLog(log: unknown): string | undefined {
  if (!isObject(log)) return oneOf('accessLog', log, ['text', 'json'])
  const { format = 'text', write, ...rest } = log as AccessLogOptions
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) return `unknown option "accessLog.${unknown}"; known are format, write`
  if (write !== undefined && typeof write !== 'function')
    return `accessLog.write must be a function, not ${show(write)}`
  return oneOf('accessLog.format', format, ['text', 'json'])
}

function complaintOfOtel(otel: unknown): string | undefined {
  if (typeof otel === 'boolean') return undefined
  if (!isObject(otel)) return `otel must be true, false or an object, not ${show(otel)}`
  for (const [name, value] of Object.entries(otel as object)) {
    if (name !== 'callSpans' && name !== 'clientMetrics')
      return `unknown option "otel.${name}"; known are callSpans, clientMetrics`
    if (typeof value !== 'boolean') return `otel.${name} must be true or false, not ${show(value)}`
  }
  return undefined
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function show(value: unknown): string {
  return typeof value === 'function' ? 'a function' : (JSON.stringify(value) ?? String(value))
}

function oneOf(name: string, value: unknown, allowed: readonly string[]): string | undefined {
  return allowed.includes(value as string) ? undefined : `${name} must be ${allowed.join(' or ')}, not ${show(value)}`
}

/** @throws MeshError always */
export function refuse(message: string, cause?: unknown): never {
  throw new MeshError('INVALID_OPTION', message, { cause })
}
