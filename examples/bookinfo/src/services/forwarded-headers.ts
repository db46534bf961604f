// The headers a service passes on, so that routing by user and tracing reach the services behind it.
import type { IncomingHttpHeaders } from 'node:http'

const names = ['x-request-id', 'end-user', 'traceparent', 'tracestate', 'baggage']

export function forwardedHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const forwarded: Record<string, string> = {}
  for (const name of names) {
    const value = headers[name]
    if (typeof value === 'string') forwarded[name] = value
  }
  return forwarded
}
