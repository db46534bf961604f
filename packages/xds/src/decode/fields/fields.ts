// What becomes of every field of a message: a codec that brings a new one does not compile before somebody has decided it.
// XDS-FIELDS.md is made of these tables.

/** `read`: a reader looks at it; `told`: it is reported where it is set; `none`: no call of a client depends on it. */
export type Treatment = 'read' | 'told' | 'none'

export type Fields<T> = { readonly [K in keyof T]-?: Treatment }

export type FieldsOf<Messages> = { readonly [M in keyof Messages]: Fields<Messages[M]> }

/** The fields of a message that are set and not applied, as xDS spells them. */
export function untreated<T extends object>(message: T, fields: Fields<T>): string[] {
  const names = toldOf(fields)
  const found: string[] = []
  for (const name of names) if (isSet(message[name as keyof T])) found.push(wireName(name))
  return found
}

const told = new WeakMap<object, readonly string[]>()

function toldOf(fields: object): readonly string[] {
  let names = told.get(fields)
  if (names === undefined) {
    names = Object.entries(fields).flatMap(([name, treatment]) => (treatment === 'told' ? [name] : []))
    told.set(fields, names)
  }
  return names
}

/** Not what it is where nothing is said; a duration of 0 is mostly said to switch something off. */
export function isSet(value: unknown): boolean {
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length > 0
  if (typeof value !== 'object' || value === null) return Boolean(value)
  const entries = Object.entries(value)
  const isDuration = entries.length === 2 && 'seconds' in value && 'nanos' in value
  return isDuration ? value.seconds !== 0 || value.nanos !== 0 : entries.length > 0
}

/** `transportSocketMatches` is `transport_socket_matches`. */
export function wireName(name: string): string {
  return name.replaceAll(/[A-Z]|(?<=consecutive)5/g, (letter) => `_${letter.toLowerCase()}`)
}
