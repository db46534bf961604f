// What code around a call may set, and where it would loosen what the configuration says.
import { MeshError } from '@proxyless/core/spi'
import { complaintOfNames } from './inherited-names.ts'

/** From what must not fail to what may be left undone at any time. */
export type Criticality = (typeof criticalities)[number]

const criticalities = ['CRITICAL_PLUS', 'CRITICAL', 'SHEDDABLE_PLUS', 'SHEDDABLE'] as const

/** What holds for all calls that code makes. All fields optional; of nested ones the inner holds, of deadlines the sooner. */
export interface CallOverrides {
  /** Of one call with all its attempts, in milliseconds. Where the route's is shorter the route's holds, unless `overrides` names `timeout`. */
  readonly timeoutMs?: number
  /** From now, in milliseconds, for all calls together. */
  readonly deadlineMs?: number
  /** Told to those who are called (`x-mesh-criticality`). */
  readonly criticality?: Criticality
  /** Added to calls that do not have them; they stay in the mesh. */
  readonly headers?: Readonly<Record<string, string>>
  /** One attempt per call. */
  readonly retry?: false
  /** This subset of the service that the route has chosen. Only where `overrides` names `subset`. */
  readonly subset?: string
}

/** What loosens or redirects, and so has to be allowed (`overrides`). */
export type Loosening = (typeof loosenings)[number]

export const loosenings = ['timeout', 'subset'] as const

/** RFC 9110, 5.5, one character for each byte. */
const legalValue = /^[\t\x20-\x7e\x80-\xff]*$/

const known = ['timeoutMs', 'deadlineMs', 'criticality', 'headers', 'retry', 'subset']

/** What is wrong, as a sentence; undefined: nothing. */
export function complaintOfOverrides(overrides: CallOverrides, allowed: readonly Loosening[]): string | undefined {
  if (typeof overrides !== 'object' || overrides === null) return 'needs an object such as { deadlineMs: 2000 }'
  const unknown = Object.keys(overrides).find((name) => !known.includes(name))
  if (unknown !== undefined) return `unknown field "${unknown}"; known are ${known.join(', ')}`
  const { timeoutMs, deadlineMs, criticality, headers, retry, subset } = overrides
  for (const [name, ms] of [['timeoutMs', timeoutMs] as const, ['deadlineMs', deadlineMs] as const]) {
    if (ms !== undefined && !(Number.isFinite(ms) && ms > 0)) return `${name} must be more than 0 ms, not ${String(ms)}`
  }
  if (criticality !== undefined && !isCriticality(criticality))
    return `criticality must be one of ${criticalities.join(', ')}, not ${JSON.stringify(criticality)}`
  const wrong = headers === undefined ? undefined : complaintOfHeaders(headers)
  if (wrong !== undefined) return `headers: ${wrong}`
  if (retry !== undefined && retry !== false) return 'retry can only be false: a policy is the configuration’s to say'
  if (subset === undefined) return undefined
  if (typeof subset !== 'string' || subset === '') return `subset must be a name, not ${JSON.stringify(subset)}`
  return allowed.includes('subset') ? undefined : 'subset may not be set in this mesh; its option `overrides` allows it'
}

function complaintOfHeaders(headers: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof headers !== 'object' || headers === null) return 'must be an object of texts'
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== 'string' || !legalValue.test(value)) return `${name} must be a text that a header can have`
  }
  return complaintOfNames(Object.keys(headers))
}

export function isCriticality(text: unknown): text is Criticality {
  return (criticalities as readonly unknown[]).includes(text)
}

/** @throws MeshError INVALID_OPTION */
export function checkOverrides(overrides: CallOverrides, allowed: readonly Loosening[]): void {
  const complaint = complaintOfOverrides(overrides, allowed)
  if (complaint !== undefined) throw new MeshError('INVALID_OPTION', `overrides of calls: ${complaint}`)
}
