// What people are told of resources: those refused, those that are missing, and what of the others is not applied.
import type { Problem } from '@proxyless/core/spi'
import { withoutPlaces } from '../decode/reading.ts'
import { type Kind, KINDS, WILDCARD } from '../stream/kinds.ts'
import { type Cache, WIRE_NAMES } from './cache.ts'

export interface Whence {
  readonly server: string
  readonly node: string
}

export function problemsOf(cache: Cache, wants: Readonly<Record<Kind, ReadonlySet<string>>>, from: Whence): Problem[] {
  return KINDS.flatMap((kind) => {
    const told = new Set<string>()
    const names = wants[kind].has(WILDCARD) ? new Set([...cache.entries(kind).keys(), ...wants[kind]]) : wants[kind]
    return [...names].flatMap((name) => problemsOfOne(cache, kind, name, from, told))
  })
}

/** @param told what of its kind was told before: of many resources that say the same, the first is named */
function problemsOfOne(cache: Cache, kind: Kind, name: string, { server, node }: Whence, told: Set<string>): Problem[] {
  const entry = cache.entry(kind, name)
  const resource = `${WIRE_NAMES[kind]} ${name}`
  const problems: Problem[] = []
  const notes = (entry?.known?.value as { readonly notes?: readonly string[] } | undefined)?.notes ?? []
  for (const message of notes) {
    const alike = withoutPlaces(message)
    if (told.has(alike)) continue
    told.add(alike)
    problems.push({
      code: 'XDS_NOT_APPLIED',
      severity: 'info',
      outcome: 'applied',
      resource,
      path: '',
      message,
      source: server,
    })
  }
  if (entry === undefined || entry.state === 'acked' || entry.state === 'requested') return problems
  problems.push({
    code: entry.state === 'nacked' ? 'XDS_REFUSED' : 'XDS_MISSING',
    severity: 'error',
    outcome: entry.known === undefined ? 'void' : 'kept',
    resource,
    path: '',
    message: `${entry.error ?? entry.state} (server ${server}, node ${node})`,
    source: server,
  })
  return problems
}
