// The events of a stream and what each one asks for: the contract's table, one case per row.
import type { Clock, Random } from '@proxyless/core/spi'
import type { Address } from './address.ts'
import type { FeedClient } from './client.ts'
import type { Holding } from './holding.ts'
import { isRecord, parseJson, textField } from './json.ts'
import { Refusal } from './refusal.ts'
import { FeedStream, type StreamEvent } from './stream.ts'
import { Transfer } from './transfer.ts'

export interface FeedEventsOptions {
  readonly clock: Clock
  readonly random: Random
  readonly client: FeedClient
  readonly address: Address
  readonly feed: StreamListener
}

/** What a feed does about its stream. */
interface StreamListener {
  readonly holding: () => Holding | undefined
  /** The stream will not say what was missed while it was away. */
  readonly missed: () => void
  readonly alive: () => void
  /** It does what a stream is for, and not for the first event only. */
  readonly works: () => void
  readonly committed: (holding: Holding) => void
  /** What is held is what the feed has. */
  readonly unchanged: () => void
  readonly changed: () => void
  /** The server has taken leave for a while of its own choice. */
  readonly left: () => void
  readonly message: (text: string) => void
  readonly refused: (refusal: Refusal) => void
  /** `final`: there is no stream to be had. */
  readonly down: (refusal: Refusal, final: boolean) => void
}

export class FeedEvents {
  readonly feed: StreamListener
  readonly #address: Address
  readonly #stream: FeedStream
  #transfer: Transfer
  #isFirst = true
  /** The server's idea of what we have is wrong: it is asked for everything. */
  #basisLost = false
  /** What the commit to come leaves out. */
  #leftOut: Refusal[] = []

  constructor({ clock, random, client, address, feed }: FeedEventsOptions) {
    this.feed = feed
    this.#address = address
    this.#transfer = new Transfer(address.name, undefined)
    this.#stream = new FeedStream({
      clock,
      random,
      client,
      url: address.stream,
      begin: () => this.#begin(),
      heard: (event) => this.#heard(event),
      lost: (refusal, final) => {
        this.#basisLost ||= refusal.code === 'FEED_REFUSED'
        feed.down(refusal, final)
      },
    })
  }

  start(): void {
    this.#stream.start()
  }

  close(): void {
    this.#stream.close()
  }

  #begin(): string | undefined {
    this.#isFirst = true
    this.#leftOut = []
    const holding = this.feed.holding()
    const isBasis = !this.#basisLost && holding?.documents !== undefined && holding.version !== ''
    this.#transfer = new Transfer(this.#address.name, isBasis ? holding.documents : undefined)
    return isBasis ? holding.version : undefined
  }

  #heard({ name, data }: StreamEvent): void {
    const event = parseJson(data === '' ? '{}' : data, `the event "${name}" of the stream`, 1)
    if (!isRecord(event)) throw new Refusal('FEED_REFUSED', `the event "${name}" of the stream is not an object`)
    const type = textField(event, 'type') || name
    const isFirst = this.#isFirst
    this.#isFirst = false
    const brings = type === 'intent' || type === 'put' || type === 'delete' || type === 'commit'
    if (isFirst && !brings) this.feed.missed()
    this.feed.alive()
    this.#take(type, event)
    if (!this.#isWhole(type, event, isFirst)) return
    this.#stream.works()
    this.feed.works()
  }

  /** A greeting, or a sign of life amid a transaction, says nothing of whether that will come to an end. */
  #isWhole(type: string, event: Readonly<Record<string, unknown>>, isFirst: boolean): boolean {
    if (type === 'heartbeat') return !isFirst && !this.#transfer.isOpen
    return type === 'commit' || type === 'changed' || (type === 'intent' && textField(event, 'mode') === 'none')
  }

  #take(type: string, event: Readonly<Record<string, unknown>>): void {
    switch (type) {
      case 'intent':
        this.#transfer.intent(event)
        if (textField(event, 'mode') === 'none') this.feed.unchanged()
        break
      case 'put':
        this.#leaveOut(this.#transfer.put(event))
        break
      case 'delete':
        this.#leaveOut(this.#transfer.delete(event))
        break
      case 'commit':
        this.#commit(event)
        break
      case 'changed':
        if (textField(event, 'etag') === '' || textField(event, 'etag') !== this.feed.holding()?.etag)
          this.feed.changed()
        break
      case 'goodbye':
        this.#stream.goodbye(typeof event['retryMs'] === 'number' ? event['retryMs'] : 0)
        this.feed.left()
        break
      case 'error':
        this.feed.message(textField(event, 'message'))
        break
      default: // heartbeats, and what later servers may send
    }
  }

  #commit(event: Readonly<Record<string, unknown>>): void {
    const holding = this.#transfer.commit(event)
    this.#stream.committed()
    this.#basisLost = false
    try {
      this.feed.committed(holding)
    } catch (error) {
      this.feed.refused(error as Refusal)
    }
    for (const refusal of this.#leftOut) this.feed.refused(refusal)
    this.#leftOut = []
  }

  #leaveOut(refusal: Refusal | undefined): void {
    if (refusal !== undefined) this.#leftOut.push(refusal)
  }
}
