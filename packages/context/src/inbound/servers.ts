// Every request that comes in to a server of this process, whatever framework is on it, by what Node itself tells of them.
// Requests over HTTP/2 are told by later releases of Node 22 and all that are newer; elsewhere only middleware sees them.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import { unmeshed } from '@proxyless/core/spi'
import type { CallContext } from '../call-context.ts'
import { bindEmitter } from './bound-emitter.ts'
import { HttpRequest } from './http-request.ts'

const requestStarts = 'http.server.request.start'
const streamStarts = 'http2.server.stream.start'

interface RequestStart {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly server: object
}

interface StreamStart {
  readonly stream: ServerHttp2Stream
  readonly headers: IncomingHttpHeaders
}

/** Until what is returned is called. */
export function watchServers(context: CallContext): () => void {
  const onRequest = (message: unknown): void => {
    const { request, response, server } = message as RequestStart
    if (unmeshed in server) return
    const scope = context.scopeOf(new HttpRequest(request.headers, response))
    context.adopt(scope)
    bindEmitter(request, context, scope)
    bindEmitter(response, context, scope)
  }
  const onStream = (message: unknown): void => {
    const { stream, headers } = message as StreamStart
    const scope = context.scopeOf(new HttpRequest(headers, stream))
    context.adopt(scope)
    bindEmitter(stream, context, scope)
  }
  subscribe(requestStarts, onRequest)
  subscribe(streamStarts, onStream)
  return () => {
    unsubscribe(requestStarts, onRequest)
    unsubscribe(streamStarts, onStream)
  }
}
