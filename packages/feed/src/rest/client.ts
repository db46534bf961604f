// HTTP for feeds, on node:http with connections of its own: never through the mesh that the feed configures.
// Follows redirects where that gives nothing away, undoes compression, and ends requests that get no answer.
import { Agent as PlainAgent, type IncomingMessage, request as plainRequest } from 'node:http'
import { Agent as TlsAgent, request as tlsRequest } from 'node:https'
import type { Readable } from 'node:stream'
import { type Clock, unmeshed } from '@proxyless/core/spi'
import { decoded } from './decoded.ts'
import type { FeedOptions, Headers } from './options.ts'
import { Refusal } from './refusal.ts'

export interface Ask {
  readonly method?: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** Until the head of the answer. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

export interface Answer {
  readonly status: number
  readonly header: (name: string) => string | undefined
  /** Read it or destroy it. */
  readonly body: Readable
}

const maxRedirects = 5

class IdleReset extends Error {}

export class FeedClient {
  readonly #clock: Clock
  readonly #headers: FeedOptions['headers']
  readonly #authorization: string | undefined
  readonly #hasCertificate: boolean
  readonly #plain = markUnmeshed(new PlainAgent({ keepAlive: true }))
  readonly #tls: TlsAgent
  /** While true, a request keeps the process alive: somebody waits for the first configuration. */
  awaited = true

  constructor(clock: Clock, authorization: string | undefined, { headers, tls = {} }: FeedOptions) {
    this.#clock = clock
    this.#headers = headers
    this.#authorization = authorization
    this.#hasCertificate = tls.cert !== undefined
    const { serverName, ...pem } = tls
    this.#tls = markUnmeshed(
      new TlsAgent({
        keepAlive: true,
        ...pem,
        ...(serverName === undefined ? {} : { servername: serverName }),
      }),
    )
  }

  /** @throws Refusal, or what the socket throws */
  async ask(url: URL, ask: Ask): Promise<Answer> {
    const given = typeof this.#headers === 'function' ? await this.#given(this.#headers, ask) : (this.#headers ?? {})
    const own = { ...(this.#authorization === undefined ? {} : { authorization: this.#authorization }), ...given }
    const hasCredentials = this.#hasCertificate || Object.keys(own).length > 0
    let target = url
    for (let redirects = 0; ; redirects++) {
      const response = await this.#sendAgain(target, { ...ask, headers: { ...own, ...ask.headers } })
      const { statusCode: status = 0, headers } = response
      const isRedirect = status === 301 || status === 302 || status === 303 || status === 307 || status === 308
      if (!isRedirect || headers.location === undefined) return answerOf(response)
      response.destroy()
      if (redirects === maxRedirects) throw new Refusal('FEED_REFUSED', `more than ${maxRedirects} redirects`)
      target = redirected(target, headers.location, hasCredentials)
    }
  }

  /** What the application's function gives; it may ask somebody who never answers. */
  #given(headers: () => Headers | Promise<Headers>, { timeoutMs, signal }: Ask): Promise<Headers> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        this.#clock.clearTimer(timer)
        signal.removeEventListener('abort', dropped)
        settle()
      }
      const fail = (error: unknown): void => end(() => reject(error))
      const dropped = (): void => fail(signal.reason)
      const late = new Error(`the function \`headers\` has given nothing within ${timeoutMs / 1000} s`)
      const timer = this.#clock.setTimer(timeoutMs, () => fail(late), !this.awaited)
      signal.addEventListener('abort', dropped)
      const ask = async (): Promise<Headers> => headers()
      ask().then((given) => end(() => resolve(given)), fail)
    })
  }

  close(): void {
    this.#plain.destroy()
    this.#tls.destroy()
  }

  /** A connection that the server closed while it was idle says nothing about the feed. */
  async #sendAgain(url: URL, ask: Ask): Promise<IncomingMessage> {
    try {
      return await this.#send(url, ask)
    } catch (error) {
      if (!(error instanceof IdleReset)) throw error
      return this.#send(url, ask)
    }
  }

  #send(url: URL, { method = 'GET', headers, body, timeoutMs, signal }: Ask): Promise<IncomingMessage> {
    const secure = url.protocol === 'https:'
    return new Promise((resolve, reject) => {
      const agent = secure ? this.#tls : this.#plain
      const request = (secure ? tlsRequest : plainRequest)(url, { method, headers, agent, signal })
      const seconds = timeoutMs / 1000
      const late = (): void => void request.destroy(new Error(`no answer within ${seconds} s`))
      const timer = this.#clock.setTimer(timeoutMs, late, true)
      request.once('socket', (socket) => void (this.awaited ? socket.ref() : socket.unref()))
      request.once('close', () => this.#clock.clearTimer(timer))
      request.once('error', (error: NodeJS.ErrnoException) => {
        const idle = request.reusedSocket && error.code === 'ECONNRESET'
        reject(idle ? new IdleReset(error.message, { cause: error }) : error)
      })
      request.once('response', (response) => {
        this.#clock.clearTimer(timer)
        resolve(response)
      })
      request.end(body)
    })
  }
}

function markUnmeshed<T extends PlainAgent>(agent: T): T {
  return Object.assign(agent, { [unmeshed]: true })
}

function answerOf(response: IncomingMessage): Answer {
  const header = (name: string): string | undefined => {
    const value = response.headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }
  return { status: response.statusCode ?? 0, header, body: decoded(response, header('content-encoding')) }
}

function redirected(from: URL, location: string, hasCredentials: boolean): URL {
  if (!URL.canParse(location, from.href))
    throw new Refusal('FEED_REFUSED', `a redirect to "${location}", which is no address`)
  const to = new URL(location, from)
  if (to.origin === from.origin) return to
  if (hasCredentials) {
    const way = 'name that address as the url of the feed if it may have the credentials'
    throw new Refusal('FEED_REFUSED', `a redirect to another origin, ${to.origin}, with credentials; ${way}`)
  }
  if (to.protocol !== 'https:' && from.protocol === 'https:') {
    throw new Refusal('FEED_REFUSED', `a redirect from https to plain text, ${to.origin}`)
  }
  if (to.protocol !== 'https:' && to.protocol !== 'http:')
    throw new Refusal('FEED_REFUSED', `a redirect to ${to.protocol}`)
  return to
}
