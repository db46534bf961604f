// One stream from its first message to its end: finds out who the client is and which view it has, then leaves the rest to a session.
// Knows of gRPC only that messages can be held back and streams ended.
import type { Clock } from '@proxyless/core/spi'
import type { ClientNode } from '@proxyless/xds'
import { type Client, clientOf } from '../views/client.ts'
import type { View, ViewListener } from '../views/view.ts'
import type { Views } from '../views/views.ts'
import { type Progress, type Nack, Session, type SessionObserver } from './session.ts'
import type { Request, Variant } from './variant.ts'

/** The client's end. */
export interface Wire {
  readonly peer: string
  /** False: no more before `drained`. */
  send(bytes: Uint8Array): boolean
  /** No message is handed over between these. */
  hold(): void
  release(): void
  /** `invalid`: what the client said is no good; `unavailable`: it may try again; `done`: nothing is wrong. */
  end(how: 'invalid' | 'unavailable' | 'done', why: string): void
}

export interface ConnectionOptions {
  readonly clock: Clock
  readonly views: Views
  readonly variant: Variant
  readonly wire: Wire
  readonly observer: ConnectionObserver
}

interface ConnectionObserver extends Omit<SessionObserver, 'refused'> {
  closed(connection: Connection): void
  refused(connection: Connection, nack: Nack): void
  unserved(typeUrl: string): void
}

export class Connection {
  readonly #options: ConnectionOptions
  readonly sinceMs: number
  #node: ClientNode | undefined
  #client: Client | undefined
  #view: View | undefined
  #listener: ViewListener | undefined
  #session: Session | undefined
  #closed = false

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.sinceMs = options.clock.wallNow()
  }

  get peer(): string {
    return this.#options.wire.peer
  }

  get variant(): Variant['name'] {
    return this.#options.variant.name
  }

  /** Undefined until its first message. */
  get node(): ClientNode | undefined {
    return this.#node
  }

  get client(): Client | undefined {
    return this.#client
  }

  /** Whether it has, of this version of the documents, all that it asked for. */
  has(version: string): boolean {
    const sets = this.#client && this.#view?.served(this.#client.dialect)
    return sets !== undefined && this.#view?.config?.version === version && this.#session?.has(sets) === true
  }

  progress(): Progress[] {
    return this.#session?.progress() ?? []
  }

  take(bytes: Uint8Array): void {
    const { wire, variant } = this.#options
    let request: Request
    try {
      request = variant.read(bytes)
    } catch (error) {
      wire.end('invalid', `a message that cannot be read: ${error instanceof Error ? error.message : String(error)}`)
      return
    }
    if (request.kind === undefined) this.#options.observer.unserved(request.typeUrl)
    if (this.#session !== undefined) this.#session.take(request)
    else if (request.node === undefined || request.node.id === '')
      wire.end('invalid', 'the first request of a stream has to say which node asks (node.id)')
    else void this.#begin(request, request.node)
  }

  drained(): void {
    this.#session?.drained()
  }

  close(): void {
    if (!this.#closed) this.#options.observer.closed(this)
    this.#closed = true
    this.#session?.close()
    if (this.#view === undefined || this.#listener === undefined) return
    this.#view.leave(this.#listener)
    this.#options.views.released(this.#view)
  }

  async #begin(request: Request, node: ClientNode): Promise<void> {
    const { wire, views, clock, variant, observer } = this.#options
    wire.hold()
    const client = clientOf(node, request)
    this.#node = node
    this.#client = client
    const view = views.of(client.workload)
    const listener: ViewListener = { dialect: client.dialect, offer: (sets) => this.#session?.offer(sets) }
    try {
      const sets = await view.join(listener)
      this.#view = view
      this.#listener = listener
      if (this.#closed) return this.close()
      this.#session = new Session(
        {
          variant,
          clock,
          send: (bytes) => wire.send(bytes),
          observer: {
            sent: (kind, size) => observer.sent(kind, size),
            accepted: (kind) => observer.accepted(kind),
            refused: (nack) => observer.refused(this, nack),
          },
        },
        sets,
      )
      this.#session.take(request)
      wire.release()
    } catch (error) {
      views.released(view)
      wire.end('unavailable', error instanceof Error ? error.message : String(error))
    }
  }
}
