// `GET /v1/config`: the whole configuration, with an ETag; on wish the answer waits until there is another one.
import type { ServerResponse } from 'node:http'
import type { Clock } from '@proxyless/core/spi'
import { bodyOf, codings, tagOf, types } from './bodies.ts'
import type { Edition, Editions } from './editions.ts'
import { chooseCoding, chooseType, isKnown, waitOf } from './negotiation.ts'
import { type HttpRequest, replyError, type Route } from './server.ts'

/** Longer waits are cut to this, and the answer says so. */
const longestWaitSeconds = 60
/** Caches may answer for so long without asking. */
const maxAgeSeconds = 1

interface ConfigRouteOptions {
  readonly clock: Clock
  readonly editions: Editions
  /** Ends waiting when the server closes. */
  readonly closing: AbortSignal
}

export function configRoute({ clock, editions, closing }: ConfigRouteOptions): Route {
  const handle = async (request: HttpRequest, response: ServerResponse): Promise<void> => {
    const type = chooseType(request.header('accept'), types)
    if (type === undefined) return replyError(response, 406, `there is ${types.join(' and ')}`)
    let edition = await editions.newest()
    if (edition === undefined) {
      response.setHeader('retry-after', '1')
      return replyError(response, 503, 'the documents are not read yet')
    }
    const coding = chooseCoding(request.header('accept-encoding'), codings)
    const known = (each: Edition): boolean => isKnown(request.header('if-none-match'), tagOf(each, type, coding))
    const wait = Math.min(waitOf(request.header('prefer')) ?? 0, longestWaitSeconds)
    if (wait > 0 && known(edition)) {
      response.setHeader('preference-applied', `wait=${wait}`)
      edition = await newer({ clock, editions, closing }, edition, wait * 1000, response)
    }
    const headers = {
      etag: tagOf(edition, type, coding),
      'cache-control': `max-age=${maxAgeSeconds}`,
      vary: 'accept, accept-encoding',
    }
    if (known(edition)) {
      response.writeHead(304, headers).end()
      return
    }
    const body = await bodyOf(edition, type, coding)
    const encoding = coding === 'identity' ? {} : { 'content-encoding': coding }
    const length = { 'content-type': type, 'content-length': body.length }
    response.writeHead(200, { ...headers, ...length, ...encoding }).end(body)
  }
  return { method: 'GET', path: '/v1/config', handle }
}

/** The first edition with another version; the same one when time is up, or nobody waits any more. */
function newer(
  { clock, editions, closing }: ConfigRouteOptions,
  edition: Edition,
  withinMs: number,
  response: ServerResponse,
): Promise<Edition> {
  return new Promise((resolve) => {
    const done = (found: Edition): void => {
      stop()
      clock.clearTimer(timer)
      closing.removeEventListener('abort', give)
      response.off('close', give)
      resolve(found)
    }
    const give = (): void => done(edition)
    const stop = editions.listen((found) => {
      if (found.version !== edition.version) done(found)
    })
    const timer = clock.setTimer(withinMs, give, true)
    closing.addEventListener('abort', give)
    response.on('close', give)
  })
}
