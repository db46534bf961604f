// Protocol buffers by hand, as far as the bench's control plane needs them: numbers of fields instead of schemas.

/** A message: its fields by their numbers. */
export interface Fields {
  readonly [field: number]: Value | readonly Value[]
}

export type Value = string | number | boolean | Uint8Array | Fields

export function encode(fields: Fields): Buffer {
  const parts: Uint8Array[] = []
  for (const [field, said] of Object.entries(fields) as [string, Value | readonly Value[]][]) {
    for (const value of isList(said) ? said : [said]) encodeField(Number(field), value, parts)
  }
  return Buffer.concat(parts)
}

function isList(said: Value | readonly Value[]): said is readonly Value[] {
  return Array.isArray(said)
}

/** A packed message of a type. */
export function any(type: string, fields: Fields): Fields {
  return { 1: `type.googleapis.com/${type}`, 2: encode(fields) }
}

function encodeField(field: number, value: Value, parts: Uint8Array[]): void {
  if (typeof value === 'number' || typeof value === 'boolean') {
    parts.push(varint(field * 8), varint(Number(value)))
    return
  }
  const bytes = typeof value === 'string' ? Buffer.from(value) : value instanceof Uint8Array ? value : encode(value)
  parts.push(varint(field * 8 + 2), varint(bytes.length), bytes)
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  bytes.push(rest)
  return Uint8Array.from(bytes)
}

/** Texts and messages of a message by field; all other fields are passed over. */
export function* decode(bytes: Buffer): Generator<{ readonly field: number; readonly value: Buffer }> {
  let at = 0
  const read = (): number => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] ?? 0
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const tag = read()
    const size = read()
    if ((tag & 7) !== 2) continue
    yield { field: tag >>> 3, value: bytes.subarray(at, at + size) }
    at += size
  }
}
