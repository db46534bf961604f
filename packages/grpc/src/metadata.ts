// grpc-js' Metadata to and from the engine's flat list: binary values are base64 in the list, as on the wire.
import { Metadata, type MetadataOptions } from '@grpc/grpc-js'
import type { HeaderList } from '@proxyless/core/spi'

/** Appends all lines of `metadata`. */
export function appendMetadata(list: HeaderList, metadata: Metadata): void {
  const headers = metadata.toHttp2Headers()
  for (const name in headers) {
    const value = headers[name]
    if (Array.isArray(value)) for (const line of value) list.push(name, line)
    else if (value !== undefined) list.push(name, String(value))
  }
}

/** What grpc-js writes itself is left out. */
export function metadataOf(list: HeaderList, options?: MetadataOptions): Metadata {
  const metadata = new Metadata(options)
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = list[i] ?? ''
    const value = list[i + 1] ?? ''
    if (isFixed(name)) continue
    metadata.add(name, name.endsWith('-bin') ? Buffer.from(value, 'base64') : value)
  }
  return metadata
}

/** What grpc-js writes itself, from its options. */
export function isFixed(name: string): boolean {
  switch (name) {
    case 'content-type':
    case 'te':
    case 'user-agent':
    case 'host':
      return true
    default:
      return name.startsWith(':')
  }
}
