// Names of gRPC: what a client calls (`dns:///ratings:9080`) -> the authority that is routed; an endpoint -> what grpc-js connects to.
import type { ChannelOptions } from '@grpc/grpc-js'
import { type Endpoint, splitAuthority, withoutBrackets } from '@proxyless/core/spi'

export interface CalledHost {
  /** As it would be sent. */
  readonly authority: string
  /** Without brackets. */
  readonly hostname: string
  readonly port: number
  /** What a control plane is asked for where these do not say it: `name` without a port, `xds://AUTHORITY/name`. */
  readonly wanted?: string
}

/** What gRPC takes where a name has no port. */
const defaultPort = 443

/** Whatever scheme stands before it: the mesh finds the endpoints. */
export function calledHost(target: string, options: ChannelOptions = {}): CalledHost {
  const authority: unknown = options['grpc.default_authority']
  const called = hostIn(target)
  return typeof authority === 'string' ? { ...called, authority } : called
}

function hostIn(target: string): CalledHost {
  const authority = decodeURIComponent(target.replace(/^[a-z][a-z0-9+.-]*:(\/\/[^/]*\/|\/(?!\/))?(?!\d+$)/i, ''))
  const called = hostOf(authority)
  const [, of = ''] = /^xds:\/\/([^/]*)\//i.exec(target) ?? []
  if (of !== '') return { ...called, wanted: `xds://${of}/${authority}` }
  // to xDS a name is a name: no port is added
  const bare = /^xds:/i.test(target) && splitAuthority(authority).port === ''
  return bare ? { ...called, wanted: authority } : called
}

export function hostOf(authority: string): CalledHost {
  const { host, port } = splitAuthority(authority)
  return { authority, hostname: withoutBrackets(host), port: port === '' ? defaultPort : Number(port) }
}

/** Names are resolved by grpc-js: those that stand for one endpoint each, the first address when it connects. */
export function targetOf({ address, port }: Pick<Endpoint, 'address' | 'port'>): string {
  if (address.startsWith('unix://')) return `unix:${address.slice('unix://'.length)}`
  if (address.includes(':')) return `ipv6:[${address}]:${port}`
  return /^[\d.]+$/.test(address) ? `ipv4:${address}:${port}` : `dns:${address}:${port}`
}
