// grpc-js' Metadata to and from the engine's flat list: binary values are base64 in the list, as on the wire.
import { Metadata, type MetadataOptions } from '@grpc/grpc-js'
import type { HeaderList } from '@proxyless/core/spi'

const legalName = /^[0-9a-z_.-]+$/
const legalValue = /^[ -~]*$/

/** Appends all lines of `metadata`. */
export function appendMetadata(list: HeaderList, metadata: Metadata): void {
  const headers = metadata.toHttp2Headers()
  for (const name in headers) {
    const value = headers[name]
    if (Array.isArray(value)) for (const line of value) list.push(name, line)
    else if (value !== undefined) list.push(name, String(value))
  }
}

/** What grpc-js writes itself is left out, and what its Metadata does not take, as where it reads an answer. */
export function metadataOf(list: HeaderList, options?: MetadataOptions): Metadata {
  const metadata = new Metadata(options)
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = list[i] ?? ''
    const value = list[i + 1] ?? ''
    if (isFixed(name) || !legalName.test(name)) continue
    if (name.endsWith('-bin')) metadata.add(name, Buffer.from(value, 'base64'))
    else if (legalValue.test(value)) metadata.add(name, value)
  }
  return metadata
}

/** What grpc-js writes itself, from its options, and what HTTP/2 has no place for: a connection would end of it. */
export function isFixed(name: string): boolean {
  switch (name) {
    case 'content-type':
    case 'te':
    case 'user-agent':
    case 'host':
    case 'connection':
    case 'proxy-connection':
    case 'keep-alive':
    case 'transfer-encoding':
    case 'upgrade':
    case 'http2-settings':
      return true
    default:
      return name.startsWith(':')
  }
}
