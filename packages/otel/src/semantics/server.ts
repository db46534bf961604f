// Who was asked, by the name that the request has for it.
import type { RequestView } from '@proxyless/core/spi'

export interface ServerAttributes {
  readonly 'server.address': string
  readonly 'server.port': number
}

export function serverOf({ authority, hostname, port }: RequestView): ServerAttributes {
  const named = authority.replace(/:\d+$/, '')
  return { 'server.address': named === '' ? hostname : named, 'server.port': port }
}
