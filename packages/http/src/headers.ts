// undici's many shapes of headers -> one flat list; and raw response headers to and from it.
import type { HeaderList } from '@proxyless/core/spi'

type Given = unknown

/** Names lower case; `host` is returned apart. Several values of a name become several lines. */
export function flattenHeaders(given: Given): { list: HeaderList; host: string | undefined } {
  const flat = new Flat()
  if (Array.isArray(given)) {
    for (let i = 0; i + 1 < given.length; i += 2) flat.add(given[i], given[i + 1])
  } else if (isIterable(given)) {
    for (const pair of given) if (Array.isArray(pair)) flat.add(pair[0], pair[1])
  } else if (typeof given === 'object' && given !== null) {
    const record = given as Record<string, unknown>
    for (const name in record) flat.add(name, record[name])
  }
  return flat
}

class Flat {
  readonly list: HeaderList = []
  host: string | undefined = undefined

  add(name: unknown, value: unknown): void {
    const key = textOf(name).toLowerCase()
    if (value === undefined || value === null) return
    if (Array.isArray(value)) {
      for (const line of value) this.add(key, line)
    } else if (key === 'host') {
      this.host = textOf(value)
    } else {
      this.list.push(key, key === 'content-length' ? oneLength(textOf(value)) : textOf(value))
    }
  }
}

/** undici up to 6 sends a length that the application has set twice, `4, 4`: one is meant (RFC 9110, 8.6). */
function oneLength(text: string): string {
  if (!text.includes(',')) return text
  const [first = '', ...others] = text.split(',').map((length) => length.trim())
  return others.every((length) => length === first) ? first : text
}

function isIterable(given: Given): given is Iterable<unknown> {
  return typeof given === 'object' && given !== null && Symbol.iterator in given
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return Buffer.isBuffer(value) ? value.toString('latin1') : String(value)
}

/** Raw response headers as undici's HTTP/1 parser gives them: buffers or strings, name and value in turn. */
export type RawHeaders = Buffer[] | string[]

/** Names lower case, every line its own pair. */
export function listOfRaw(raw: RawHeaders): HeaderList {
  const list: HeaderList = []
  for (let i = 0; i + 1 < raw.length; i += 2) {
    list.push(textOf(raw[i]).toLowerCase(), textOf(raw[i + 1]))
  }
  return list
}

/** Names as they came. */
export function textsOfRaw(raw: RawHeaders): string[] {
  return Array.from(raw, textOf)
}

export function rawOfList(list: HeaderList): Buffer[] {
  return list.map((text) => Buffer.from(text, 'latin1'))
}

/** The object that undici's newer handlers get: one value, or an array where a name repeats. */
export function recordOfRaw(raw: RawHeaders): Record<string, string | string[]> {
  const record: Record<string, string | string[]> = {}
  const list = listOfRaw(raw)
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = list[i] ?? ''
    const value = list[i + 1] ?? ''
    const before = record[name]
    if (before === undefined) record[name] = value
    else if (typeof before === 'string') record[name] = [before, value]
    else before.push(value)
  }
  return record
}

/** The first line of a header in raw form, without turning the rest into text. `name` is lower case. */
export function rawHeader(raw: RawHeaders, name: string): string | undefined {
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const key = raw[i]
    if (key === undefined || key.length !== name.length) continue
    if (textOf(key).toLowerCase() === name) return textOf(raw[i + 1])
  }
  return undefined
}
