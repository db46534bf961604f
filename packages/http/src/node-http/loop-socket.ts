// Two ends of a connection that never leaves the process: node:http writes a request to one, and the mesh reads it from the other.
import { AsyncLocalStorage } from 'node:async_hooks'
import { Duplex } from 'node:stream'

export class LoopSocket extends Duplex {
  /** What node:http asks of a socket that is not a stream's. */
  readonly connecting = false
  readonly encrypted: boolean
  readonly authorized: boolean
  readonly remoteAddress: string
  readonly remotePort: number
  #peer: LoopSocket | undefined
  #taken: (() => void) | undefined
  /** Runs code where whoever sends the next request is: what it writes is read elsewhere. */
  #inCaller: (<T>(next: () => T) => T) | undefined
  #idleMs = 0
  #idleTimer: NodeJS.Timeout | undefined

  /** @param host where its requests are for, as node:http was told */
  constructor(host: string, port: number, secure: boolean) {
    super({ allowHalfOpen: true })
    this.remoteAddress = host
    this.remotePort = port
    this.encrypted = secure
    this.authorized = secure
  }

  static pair(host: string, port: number, secure: boolean): readonly [LoopSocket, LoopSocket] {
    const near = new LoopSocket(host, port, secure)
    const far = new LoopSocket(host, port, secure)
    near.#peer = far
    far.#peer = near
    return [near, far]
  }

  /** The request that is written next is sent by whoever runs now. */
  sentFromHere(): void {
    if (this.#peer !== undefined) this.#peer.#inCaller = AsyncLocalStorage.snapshot()
  }

  /** Of the other end: runs `next` where the request came from. */
  inCaller(next: () => void): void {
    if (this.#inCaller === undefined) next()
    else this.#inCaller(next)
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, written: () => void): void {
    this.#touched()
    const peer = this.#peer
    if (peer === undefined || peer.destroyed) {
      written()
      return
    }
    peer.#touched()
    if (peer.push(chunk)) written()
    else peer.#taken = written
  }

  override _read(): void {
    const taken = this.#taken
    this.#taken = undefined
    taken?.()
  }

  override _final(written: () => void): void {
    this.#peer?.push(null)
    written()
  }

  /** The other end sees a closed connection, and no reason. */
  override _destroy(error: Error | null, destroyed: (error: Error | null) => void): void {
    this.setTimeout(0)
    this._read()
    const peer = this.#peer
    if (peer !== undefined && !peer.destroyed) queueMicrotask(() => peer.destroy())
    destroyed(error)
  }

  /** Ends the connection; the other end hears the reason. */
  fail(reason: Error): void {
    this.#peer?.destroy(reason)
  }

  /** As a net.Socket: `timeout` is emitted when nothing has passed for so long. 0: never. */
  setTimeout(idleMs: number, listener?: () => void): this {
    clearTimeout(this.#idleTimer)
    this.#idleTimer = undefined
    this.#idleMs = idleMs
    if (idleMs > 0) {
      this.#idleTimer = setTimeout(() => this.emit('timeout'), idleMs).unref()
      if (listener !== undefined) this.once('timeout', listener)
    } else if (listener !== undefined) {
      this.removeListener('timeout', listener)
    }
    return this
  }

  get timeout(): number {
    return this.#idleMs
  }

  #touched(): void {
    this.#idleTimer?.refresh()
  }

  destroySoon(): void {
    if (this.writable) this.end()
    if (this.writableFinished) this.destroy()
    else this.once('finish', () => this.destroy())
  }

  address(): { readonly address: string; readonly family: string; readonly port: number } {
    return { address: '127.0.0.1', family: 'IPv4', port: 0 }
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  // no handle: neither end keeps the process alive, what the mesh does for them does

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }
}
