// One response into the store: all of it is read, then all of it taken. Good resources are taken, bad ones are told by name.
// Never throws: what a decoder throws is a bad resource.
import type { Piecewise } from '../piecewise.ts'
import { nameIn, nameInEnvelope } from '../decode/pieces.ts'
import { canonicalName } from './resource-name.ts'
import { isDocumentKind, isFullState, messageUrl, type StreamKind, WILDCARD } from './kinds.ts'
import { equalBytes, type Known, type Store } from './store.ts'
import type { AnyBytes, Incoming, WireResource } from './variant.ts'

/** Bytes to what the store keeps. A result without a name could not even be read so far. */
export type Decode = (kind: StreamKind, body: AnyBytes) => Piecewise<Decoded>

export type Decoded =
  | { readonly ok: true; readonly name: string; readonly value: unknown }
  | { readonly ok: false; readonly name?: string; readonly error: string }

/** A resource of a response, read. */
export interface Read {
  readonly resource: WireResource
  readonly name: string | undefined
  /** Undefined for a heartbeat. */
  readonly known?: Known | undefined
  readonly error?: string
}

/** A message of the server. */
export interface Response {
  readonly kind: StreamKind
  readonly incoming: Incoming
  /** Milliseconds since the Unix epoch. */
  readonly receivedAt: number
}

/** Changes nothing: a response that is given up meanwhile leaves no trace. What has the bytes it had before is not decoded again. */
export function* readAll(response: Response, store: Store, decode: Decode): Piecewise<Read[]> {
  const all: Read[] = []
  for (const resource of response.incoming.resources) {
    all.push(yield* readOne(response, resource, store, decode))
    yield
  }
  return all
}

/** What the client does besides with what was in a response. */
export interface Applying {
  /** All that is wanted of the kind now. */
  readonly wanted: () => ReadonlySet<string>
  /** It came, also unchanged, or was refused; with its time to live. */
  readonly received: (name: string, ttlMs: number | undefined) => void
  readonly removed: (name: string) => void
}

/** @returns what is to be told in a NACK; undefined: all is well */
export function* apply(
  { kind, incoming, receivedAt }: Response,
  all: readonly Read[],
  store: Store,
  complete: boolean,
  { wanted, received, removed }: Applying,
): Piecewise<string | undefined> {
  const errors: string[] = []
  const seen = new Set<string>()
  let nameless = false
  for (const { resource, name: said, known, error } of all) {
    yield
    const own = said === undefined ? undefined : canonicalName(said)
    if (own === undefined) nameless = true
    else if (seen.has(own)) {
      errors.push(`${own}: appears twice in one response`)
      continue
    } else seen.add(own)
    if (error !== undefined) errors.push(own === undefined ? error : `${own}: ${error}`)
    for (const name of namesOf(own, resource, wanted())) {
      seen.add(name)
      if (error !== undefined) {
        store.refuse(kind, name, error, { version: resource.version, at: receivedAt })
        received(name, undefined)
        continue
      }
      if (known !== undefined) store.accept(kind, name, known)
      if (known !== undefined || store.entry(kind, name)?.known?.version === resource.version) {
        received(name, resource.ttlMs)
      }
    }
  }
  for (const { name: said, message, isData } of incoming.errors) {
    const name = canonicalName(said)
    seen.add(name)
    if (!wanted().has(name)) continue
    store.failed(kind, name, message, isData)
    received(name, undefined)
  }
  const gone = incoming.removed.map(canonicalName)
  if (complete && isFullState(kind) && !nameless) {
    for (const [name, { known }] of store.entries(kind)) if (known !== undefined && !seen.has(name)) gone.push(name)
  }
  for (const name of gone) {
    yield
    remove(kind, name, wanted(), store)
    removed(name)
  }
  return errors.length === 0 ? undefined : summary(errors)
}

/** What a NACK says must fit where servers read it, however much was bad. */
const mostChars = 16_384

function summary(errors: readonly string[]): string {
  let text = errors[0]?.slice(0, mostChars) ?? ''
  for (let n = 1; n < errors.length; n++) {
    if (text.length + (errors[n]?.length ?? 0) > mostChars) return `${text}; and ${errors.length - n} more`
    text += `; ${errors[n]}`
  }
  return text
}

function remove(kind: StreamKind, name: string, wanted: ReadonlySet<string>, store: Store): void {
  if (wanted.has(name)) store.gone(kind, name)
  else store.forget(kind, name)
}

function* readOne(
  { kind, receivedAt }: Response,
  resource: WireResource,
  store: Store,
  decode: Decode,
): Piecewise<Read> {
  const { body, name, version } = resource
  if (body === undefined) return { resource, name }
  const inside = isDocumentKind(kind) ? nameInEnvelope : nameIn
  const asked = body.typeUrl === messageUrl(kind) ? (name ?? inside(body.value)) : undefined
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
  if (own === undefined) return []
  const asked = [own, ...aliases.map(canonicalName)].filter((name) => wanted.has(name))
  return asked.length === 0 && wanted.has(WILDCARD) ? [own] : asked
}
