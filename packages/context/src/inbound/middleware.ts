// The same said by the application itself: one function for whatever calls middleware with (request, response, next).
import type { EventEmitter } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http'
import type { CallContext } from '../call-context.ts'
import { bindEmitter } from './bound-emitter.ts'
import { type Answering, HttpRequest } from './http-request.ts'

/** Of Express, Connect, NestJS and node:http; or of Fastify, whose objects hold those of Node. */
interface Request {
  readonly headers: IncomingHttpHeaders
  readonly raw?: unknown
}

/** For `app.use` of Express, Connect and NestJS, and for `addHook('onRequest', ...)` of Fastify. */
export type Middleware = (request: Request, response: object, next: () => void) => void

export function middleware(context: CallContext): Middleware {
  return (request, response, next) => {
    const scope = context.scopeOf(new HttpRequest(request.headers, rawOf(response) as Answering))
    bindEmitter(rawOf(request) as EventEmitter, context, scope)
    context.within(scope, next)
  }
}

function rawOf(object: object): unknown {
  return (object as { readonly raw?: unknown }).raw ?? object
}
