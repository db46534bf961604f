// One client of `/v1/stream`: told what changed since what it has, in transactions, and never more than it can take:
// a client that is slow gets the newest edition when it has drained.
import type { ServerResponse } from 'node:http'
import { differenceBetween, type Edition, type Leaf } from './editions.ts'

const transactions = new WeakMap<Edition, WeakMap<Edition, string>>()

export class EventStream {
  readonly #response: ServerResponse
  #has: Edition | undefined
  #newest: Edition | undefined
  #full = false

  /** @param basis what the client has already */
  constructor(response: ServerResponse, basis: Edition | undefined) {
    this.#response = response
    this.#has = basis
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    response.on('drain', () => this.#drained())
  }

  /** Tells it, or tells that there is nothing new. */
  begin(edition: Edition): void {
    if (this.#has?.version === edition.version) {
      this.#has = edition
      this.#write(eventOf('intent', { mode: 'none' }) + complaintOf(edition))
    } else this.offer(edition)
  }

  offer(edition: Edition): void {
    this.#newest = edition
    if (!this.#full) this.#tell(edition)
  }

  heartbeat(): void {
    if (!this.#full) this.#write(eventOf('heartbeat', {}))
  }

  /** The last event. */
  goodbye(retryMs: number): void {
    this.#response.end(eventOf('goodbye', { retryMs }))
  }

  #tell(edition: Edition): void {
    const before = this.#has
    this.#has = edition
    this.#newest = undefined
    this.#write(transactionOf(before, edition))
  }

  #drained(): void {
    this.#full = false
    if (this.#newest !== undefined) this.#tell(this.#newest)
  }

  #write(text: string): void {
    if (!this.#response.write(text)) this.#full = true
  }
}

/** Made once for all clients that have the same. */
function transactionOf(before: Edition | undefined, after: Edition): string {
  const basis = before ?? none
  let known = transactions.get(basis)
  if (known === undefined) transactions.set(basis, (known = new WeakMap<Edition, string>()))
  let text = known.get(after)
  if (text === undefined) known.set(after, (text = write(before, after)))
  return text
}

const none: Edition = { version: '', documents: new Map(), refused: [] }

function write(before: Edition | undefined, after: Edition): string {
  if (before?.version === after.version) return complaintOf(after)
  const { put, gone } = differenceBetween(before ?? none, after)
  return [
    eventOf('intent', { mode: before === undefined ? 'full' : 'changes' }),
    ...put.map(putOf),
    ...gone.map(({ kind, namespace, name }) => eventOf('delete', { kind, namespace, name })),
    `id: ${after.version}\n${eventOf('commit', { version: after.version })}`,
    complaintOf(after),
  ].join('')
}

function putOf({ json }: Leaf): string {
  return `event: put\ndata: {"type":"put","document":${json}}\n\n`
}

/** What the server refuses of its own documents is told to people: what they wrote last is not what is served. */
function complaintOf({ refused }: Edition): string {
  if (refused.length === 0) return ''
  const lines = refused.map(({ source, line, column, resource, message, code }) => {
    const place = [source, line, column].filter((part) => part !== undefined).join(':')
    return `${place === '' ? '' : `${place}: `}${resource}: ${message} [${code}]`
  })
  return eventOf('error', { message: `documents are refused: ${lines.join('; ')}` })
}

function eventOf(type: string, data: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`
}
