// A RequestView over undici's dispatch options: nothing is parsed twice, headers are flattened once.
import {
  type HeaderLines,
  type HeaderList,
  getHeader,
  nameBits,
  type RequestView,
  withoutBrackets,
} from '@proxyless/core/spi'
import type { Dispatcher } from 'undici'
import { flattenHeaders } from './headers.ts'

interface Origin {
  readonly scheme: 'http' | 'https'
  readonly authority: string
  readonly hostname: string
  readonly port: number
}

const known = new Map<string, Origin>()
const knownLimit = 1_024

/** @throws TypeError when the origin is missing or not http(s) */
export class DispatchView implements RequestView {
  readonly scheme: 'http' | 'https'
  readonly authority: string
  readonly hostname: string
  readonly port: number
  readonly method: string
  readonly target: string
  /** Names lower case, `host` taken out. */
  readonly headers: HeaderList
  readonly headerBits: number

  constructor(options: Dispatcher.DispatchOptions) {
    const origin = parseOrigin(options.origin)
    this.scheme = origin.scheme
    this.hostname = origin.hostname
    this.port = origin.port
    this.method = options.method
    this.target =
      options.query === undefined || options.query === null ? options.path : withQuery(options.path, options.query)
    const { list, host } = flattenHeaders(options.headers)
    this.headers = list
    this.headerBits = nameBits(list)
    this.authority = host ?? origin.authority
  }

  header(name: string): HeaderLines {
    return getHeader(this.headers, name)
  }
}

function parseOrigin(given: string | URL | undefined): Origin {
  const text = typeof given === 'string' ? given : given?.origin
  const cached = text === undefined ? undefined : known.get(text)
  if (cached !== undefined) return cached
  if (text === undefined) throw new TypeError('a meshed request needs an origin such as http://reviews:9080')
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TypeError(`a meshed request must be http: or https:, not ${url.protocol}`)
  }
  const scheme = url.protocol === 'https:' ? 'https' : 'http'
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port)
  const origin: Origin = { scheme, authority: url.host, hostname: withoutBrackets(url.hostname), port }
  if (known.size >= knownLimit) known.clear()
  known.set(text, origin)
  return origin
}

function withQuery(path: string, query: Record<string, unknown>): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? value : [value]) parameters.append(name, String(each))
  }
  const text = parameters.toString()
  return text === '' ? path : `${path}?${text}`
}
