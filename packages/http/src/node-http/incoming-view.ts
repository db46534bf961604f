// A request of node:http as policy reads it, and as it is sent: without what concerns only the connection it came by.
import type { IncomingMessage } from 'node:http'
import { getHeader, nameBits } from '@proxyless/core/spi'
import type { DispatchView } from '../dispatch-view.ts'
import { flattenHeaders } from '../headers.ts'

/** Where the client meant to connect. */
export interface Destination {
  readonly scheme: 'http' | 'https'
  readonly hostname: string
  readonly port: number
}

/** Of one connection, each hop its own (RFC 9110, 7.6.1); `expect` is answered here. */
const ofOneHop: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

export function incomingView(request: IncomingMessage, destination: Destination): DispatchView {
  const { list, host } = flattenHeaders(request.rawHeaders)
  const headers: string[] = []
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = list[i] ?? ''
    if (!ofOneHop.has(name)) headers.push(name, list[i + 1] ?? '')
  }
  return {
    ...destination,
    method: request.method ?? 'GET',
    target: request.url ?? '/',
    authority: host ?? authorityOf(destination),
    headers,
    headerBits: nameBits(headers),
    header: (name) => getHeader(headers, name),
  }
}

/** Host as it is sent when the client names none: a default port is not shown. */
export function authorityOf({ scheme, hostname, port }: Destination): string {
  const name = hostname.includes(':') ? `[${hostname}]` : hostname
  return port === (scheme === 'https' ? 443 : 80) ? name : `${name}:${port}`
}
