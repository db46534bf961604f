// What a request came to, in a form that two sides can be compared by: intended differences are left out.
import type { Received } from '../../../kit/backend.ts'
import { requestHeadersApart, responseHeadersApart } from '../differences.ts'

export type HeaderLines = Readonly<Record<string, readonly string[]>>

/** A request as a backend saw it. */
export interface Arrival {
  readonly backend: string
  readonly method: string
  readonly path: string
  readonly headers: HeaderLines
  readonly body: string
}

export interface Outcome {
  /** 0: the connection ended without a response. */
  readonly status: number
  readonly headers: HeaderLines
  /** Undefined when it broke off. */
  readonly body: string | undefined
  readonly trailers: HeaderLines
  /** Envoy's response flags. */
  readonly flags: string
  /** In the order of their coming; all attempts and copies. */
  readonly arrivals: readonly Arrival[]
}

export function arrivalOf(backend: string, request: Received): Arrival {
  const { method, url, body } = request
  return { backend, method, path: url, headers: linesOf(pairsOf(request.headers), requestHeadersApart), body }
}

export function responseHeadersOf(record: Readonly<Record<string, string | string[] | undefined>>): HeaderLines {
  const pairs = Object.entries(record).flatMap(([name, value]) => [value ?? []].flat().map((line) => [name, line]))
  return linesOf(pairs as [string, string][], responseHeadersApart)
}

function pairsOf(flat: readonly string[]): [string, string][] {
  return flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1] ?? '']] : []) as [string, string][])
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

function linesOf(pairs: readonly (readonly [string, string])[], apart: Readonly<Record<string, string>>): HeaderLines {
  const lines: Record<string, string[]> = {}
  for (const [name, value] of pairs.toSorted(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))) {
    const key = name.toLowerCase()
    if (apart[key] !== undefined || apart[`${key}: ${value}`] !== undefined) continue
    ;(lines[key] ??= []).push(uuid.test(value) ? 'a UUID' : value)
  }
  return lines
}
