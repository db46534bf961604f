// One response into the store: read piece by piece, then taken as a whole. Good resources are taken, bad ones are told by name.
// Never throws: what a decoder throws is a bad resource.
import type { Piecewise } from '../piecewise.ts'
import { nameIn } from '../decode/pieces.ts'
import { canonicalName } from './resource-name.ts'
import { isFullState, type Kind, TYPE_URLS, WILDCARD } from './kinds.ts'
import { equalBytes, type Known, type Store } from './store.ts'
import type { AnyBytes, Incoming, WireResource } from './variant.ts'

/** Bytes to what the store keeps. A result without a name could not even be read so far. */
export type Decode = (kind: Kind, body: AnyBytes) => Piecewise<Decoded>

export type Decoded =
  | { readonly ok: true; readonly name: string; readonly value: unknown }
  | { readonly ok: false; readonly name?: string; readonly error: string }

export interface Applied {
  /** For the NACK; undefined: all is well. */
  readonly error: string | undefined
  /** What was received, also unchanged, with its time to live. */
  readonly received: ReadonlyMap<string, number | undefined>
  readonly removed: readonly string[]
}

/** A resource of a response, read. */
export interface Read {
  readonly resource: WireResource
  readonly name: string | undefined
  /** Undefined for a heartbeat. */
  readonly known?: Known | undefined
  readonly error?: string
}

/** Changes nothing: a response that is given up meanwhile leaves no trace. What has the bytes it had before is not decoded again. */
export function* readAll(
  kind: Kind,
  incoming: Incoming,
  store: Store,
  decode: Decode,
  receivedAt: number,
): Piecewise<Read[]> {
  const all: Read[] = []
  for (const resource of incoming.resources) {
    all.push(yield* readOne(kind, resource, store, decode, receivedAt))
    yield
  }
  return all
}

/** @param receivedAt milliseconds since the Unix epoch */
export function apply(
  kind: Kind,
  incoming: Incoming,
  all: readonly Read[],
  receivedAt: number,
  wanted: ReadonlySet<string>,
  store: Store,
  complete: boolean,
): Applied {
  const errors: string[] = []
  const seen = new Set<string>()
  const received = new Map<string, number | undefined>()
  let nameless = false
  for (const { resource, name: said, known, error } of all) {
    const own = said === undefined ? undefined : canonicalName(said)
    if (own === undefined) nameless = true
    else if (seen.has(own)) {
      errors.push(`${own}: appears twice in one response`)
      continue
    } else seen.add(own)
    if (error !== undefined) errors.push(own === undefined ? error : `${own}: ${error}`)
    for (const name of namesOf(own, resource, wanted)) {
      seen.add(name)
      if (error !== undefined) {
        store.refuse(kind, name, error, { version: resource.version, at: receivedAt })
        received.set(name, undefined)
        continue
      }
      if (known !== undefined) store.accept(kind, name, known)
      if (known !== undefined || store.entry(kind, name)?.known?.version === resource.version) {
        received.set(name, resource.ttlMs)
      }
    }
  }
  const removed = incoming.removed.map(canonicalName)
  if (complete && isFullState(kind) && !nameless) {
    for (const [name, { known }] of store.entries(kind)) if (known !== undefined && !seen.has(name)) removed.push(name)
  }
  for (const name of removed) remove(kind, name, wanted, store)
  return { error: errors.length === 0 ? undefined : errors.join('; '), received, removed }
}

function remove(kind: Kind, name: string, wanted: ReadonlySet<string>, store: Store): void {
  if (wanted.has(name)) store.gone(kind, name)
  else store.forget(kind, name)
}

function* readOne(
  kind: Kind,
  resource: WireResource,
  store: Store,
  decode: Decode,
  receivedAt: number,
): Piecewise<Read> {
  const { body, name, version } = resource
  if (body === undefined) return { resource, name }
  const asked = body.typeUrl === TYPE_URLS[kind] ? (name ?? nameIn(body.value)) : undefined
  const before = asked === undefined ? undefined : store.entry(kind, canonicalName(asked))?.known
  if (before !== undefined && equalBytes(before.bytes, body.value)) {
    return { resource, name: asked, known: { value: before.value, bytes: body.value, version, receivedAt } }
  }
  try {
    const decoded = yield* decode(kind, body)
    if (!decoded.ok) return { resource, name: name ?? decoded.name, error: decoded.error }
    return {
      resource,
      name: name ?? decoded.name,
      known: { value: decoded.value, bytes: body.value, version, receivedAt },
    }
  } catch (error) {
    return { resource, name, error: `cannot be read: ${error instanceof Error ? error.message : String(error)}` }
  }
}

/** Under which of its names a resource was asked for; none: nobody asked. */
function namesOf(own: string | undefined, { aliases }: WireResource, wanted: ReadonlySet<string>): string[] {
  const names = own === undefined ? [] : [own, ...aliases.map(canonicalName)]
  const asked = names.filter((name) => wanted.has(name))
  return asked.length === 0 && own !== undefined && wanted.has(WILDCARD) ? [own] : asked
}
