// Who was asked, by the name that the request has for it.
import type { RequestView } from '@proxyless/core/spi'

export function serverAddress({ authority, hostname }: RequestView): string {
  const colon = authority.lastIndexOf(':')
  // of an IPv6 address without a port the last colon is its own
  const named = colon === -1 || authority.endsWith(']') ? authority : authority.slice(0, colon)
  return named === '' ? hostname : named
}
