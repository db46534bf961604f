// What is sent ahead of an attempt, as grpc-js asks for it: the engine's flat list itself. On its way through its layers
// grpc-js copies Metadata twice, line by line in maps, and each copy lives as long as its stream; this one is passed on as it is.
import { sensitiveHeaders, type OutgoingHttpHeaders } from 'node:http2'
import { Metadata, type MetadataOptions, type MetadataValue } from '@grpc/grpc-js'
import { getHeader, type HeaderList, removeHeader, setHeader } from '@proxyless/core/spi'
import { appendMetadata, isFixed } from './metadata.ts'

const none: HeaderList = []

/** Differs from call to call: kept by HPACK it would only drive out what repeats. */
const unindexed: readonly string[] = ['x-request-id']

export class SentMetadata extends Metadata {
  /** The engine's, so it is never changed but replaced. */
  #list: HeaderList
  readonly #added: HeaderList = []
  /** What credentials say. */
  #merged: HeaderList = none

  /** @param list stays as it is from here on */
  constructor(list: HeaderList, options?: MetadataOptions) {
    super(options)
    this.#list = list
  }

  /** Itself: nobody keeps the original, and what grpc-js does to a copy it does to each copy in the same way. */
  override clone(): SentMetadata {
    return this
  }

  override set(name: string, value: MetadataValue): void {
    const key = name.toLowerCase()
    this.#leave(key)
    setHeader(this.#added, key, lineOf(value))
  }

  override add(name: string, value: MetadataValue): void {
    this.#added.push(name.toLowerCase(), lineOf(value))
  }

  override remove(name: string): void {
    const key = name.toLowerCase()
    this.#leave(key)
    removeHeader(this.#added, key)
  }

  /** Instead of what was merged before: a call whose connection was lost meanwhile asks its credentials again. */
  override merge(other: Metadata): void {
    this.#merged = []
    appendMetadata(this.#merged, other)
  }

  override get(name: string): MetadataValue[] {
    const key = name.toLowerCase()
    const lines: string[] = []
    addLines(lines, this.#list, key)
    addLines(lines, this.#added, key)
    addLines(lines, this.#merged, key)
    return key.endsWith('-bin') ? lines.map((line) => Buffer.from(line, 'base64')) : lines
  }

  override getMap(): Record<string, MetadataValue> {
    return Object.fromEntries(this.#names.map((name) => [name, this.get(name)[0] ?? '']))
  }

  override toJSON(): Record<string, MetadataValue[]> {
    return Object.fromEntries(this.#names.map((name) => [name, this.get(name)]))
  }

  override toHttp2Headers(): OutgoingHttpHeaders {
    const headers: OutgoingHttpHeaders & Record<symbol, readonly string[]> = {}
    appendLines(headers, this.#list)
    appendLines(headers, this.#added)
    appendLines(headers, this.#merged)
    headers[sensitiveHeaders] = unindexed
    return headers
  }

  #leave(key: string): void {
    if (getHeader(this.#list, key) === undefined) return
    this.#list = this.#list.slice()
    removeHeader(this.#list, key)
  }

  get #names(): string[] {
    const names = [...this.#list, ...this.#added, ...this.#merged].filter((_, i) => i % 2 === 0)
    return [...new Set(names)].filter((name) => !isFixed(name))
  }
}

function appendLines(headers: OutgoingHttpHeaders, list: HeaderList): void {
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = list[i] ?? ''
    const value = list[i + 1] ?? ''
    if (isFixed(name)) continue
    const known = Object.hasOwn(headers, name) ? headers[name] : undefined
    if (known === undefined) headers[name] = value
    else if (Array.isArray(known)) known.push(value)
    else headers[name] = [String(known), value]
  }
}

function addLines(lines: string[], list: HeaderList, key: string): void {
  const found = getHeader(list, key)
  if (typeof found === 'string') lines.push(found)
  else if (found !== undefined) lines.push(...found)
}

const legalName = /^:?[0-9a-z_.-]+$/
/** Bytes beyond ASCII too, which Envoy sends as they are. */
const legalValue = /^[\t -~\x80-\xff]*$/

/** Without lines that rules have written and HTTP/2 cannot carry: what is in one must not become another. */
export function legalLines(list: HeaderList): HeaderList {
  const legal: HeaderList = []
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = list[i] ?? ''
    const value = list[i + 1] ?? ''
    if (legalName.test(name) && legalValue.test(value)) legal.push(name, value)
  }
  return legal
}

function lineOf(value: MetadataValue): string {
  return typeof value === 'string' ? value : value.toString('base64')
}
