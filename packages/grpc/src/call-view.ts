// A RequestView over a gRPC call: what Envoy would read of its headers.
import type { Metadata } from '@grpc/grpc-js'
import { getHeader, type HeaderLines, type HeaderList, nameBits, type RequestView } from '@proxyless/core/spi'
import { appendMetadata } from './metadata.ts'
import type { CalledHost } from './target.ts'

export class CallView implements RequestView {
  readonly scheme: 'http' | 'https'
  readonly authority: string
  readonly hostname: string
  readonly port: number
  readonly wanted: string | undefined
  readonly method: string = 'POST'
  readonly target: string
  readonly headers: HeaderList
  readonly headerBits: number

  constructor(host: CalledHost, secure: boolean, target: string, headers: HeaderList) {
    this.scheme = secure ? 'https' : 'http'
    this.authority = host.authority
    this.hostname = host.hostname
    this.port = host.port
    this.wanted = host.wanted
    this.target = target
    this.headers = headers
    this.headerBits = nameBits(headers)
  }

  header(name: string): HeaderLines {
    return getHeader(this.headers, name)
  }
}

/** @param timeout a `grpc-timeout` value; undefined: no deadline */
export function requestHeaders(userAgent: string, timeout: string | undefined, metadata: Metadata): HeaderList {
  const list = ['content-type', 'application/grpc', 'te', 'trailers', 'user-agent', userAgent]
  if (timeout !== undefined) list.push('grpc-timeout', timeout)
  appendMetadata(list, metadata)
  return list
}
