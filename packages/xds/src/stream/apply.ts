// One response into the store: good resources are taken, bad ones are told by name, the rest of the response is not lost.
// Never throws: what a decoder throws is a bad resource.
import { canonicalName } from './resource-name.ts'
import { isFullState, type Kind, WILDCARD } from './kinds.ts'
import type { Store } from './store.ts'
import type { AnyBytes, Incoming, WireResource } from './variant.ts'

/** Bytes to what the store keeps. A result without a name could not even be read so far. */
export type Decode = (kind: Kind, body: AnyBytes) => Decoded

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

export function apply(
  kind: Kind,
  incoming: Incoming,
  wanted: ReadonlySet<string>,
  store: Store,
  decode: Decode,
  complete: boolean,
): Applied {
  const errors: string[] = []
  const seen = new Set<string>()
  const received = new Map<string, number | undefined>()
  let nameless = false
  for (const resource of incoming.resources) {
    const read = readOne(kind, resource, decode)
    const own = read.name === undefined ? undefined : canonicalName(read.name)
    if (own === undefined) nameless = true
    else if (seen.has(own)) {
      errors.push(`${own}: appears twice in one response`)
      continue
    } else seen.add(own)
    if (!read.ok) errors.push(own === undefined ? read.error : `${own}: ${read.error}`)
    for (const name of namesOf(own, resource, wanted)) {
      seen.add(name)
      if (read.ok) {
        const heartbeat = read.known === undefined
        if (!heartbeat) store.accept(kind, name, read.known)
        if (!heartbeat || store.entry(kind, name)?.known?.version === resource.version) {
          received.set(name, resource.ttlMs)
        }
      } else {
        store.refuse(kind, name, read.error)
        received.set(name, undefined)
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

type Read =
  | { readonly ok: true; readonly name: string | undefined; readonly known: ReturnType<typeof knownOf> | undefined }
  | { readonly ok: false; readonly name: string | undefined; readonly error: string }

function readOne(kind: Kind, resource: WireResource, decode: Decode): Read {
  const { body, name } = resource
  if (body === undefined) return { ok: true, name, known: undefined }
  try {
    const decoded = decode(kind, body)
    if (!decoded.ok) return { ok: false, name: name ?? decoded.name, error: decoded.error }
    return { ok: true, name: name ?? decoded.name, known: knownOf(decoded.value, body, resource) }
  } catch (error) {
    return { ok: false, name, error: `cannot be read: ${error instanceof Error ? error.message : String(error)}` }
  }
}

function knownOf(
  value: unknown,
  body: AnyBytes,
  { version }: WireResource,
): { value: unknown; bytes: Uint8Array; version: string } {
  return { value, bytes: body.value, version }
}

/** Under which of its names a resource was asked for; none: nobody asked. */
function namesOf(own: string | undefined, { aliases }: WireResource, wanted: ReadonlySet<string>): string[] {
  const names = own === undefined ? [] : [own, ...aliases.map(canonicalName)]
  const asked = names.filter((name) => wanted.has(name))
  return asked.length === 0 && own !== undefined && wanted.has(WILDCARD) ? [own] : asked
}
