// A TCP proxy before a real server that breaks connections where a test says: at accept, after the request, within the answer.
// Knows no HTTP but the blank line that ends a head. For HTTP/1.1; what breaks inside HTTP/2 (GOAWAY) is not here.
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** What becomes of one connection. Without `at` and `by` it is only slow. */
export interface Fault {
  /**
   * When: the connection is accepted; the server has the whole request and answers; that many bytes of the head,
   * or of the body after it, were passed on. The head counts as passed on with its blank line.
   */
  readonly at?: 'accept' | 'answer' | { readonly headBytes: number } | 'head' | { readonly bodyBytes: number }
  /**
   * `reset`: RST, what was written before is delivered first where the peer reads in time; `close`: FIN, and nothing is read any more;
   * `half-close`: FIN, and what the client still sends is read; `stall`: the connection stays open and nothing more comes.
   */
  readonly by?: 'reset' | 'close' | 'half-close' | 'stall'
  /** On this request of the connection; default 1. */
  readonly onRequest?: number
  /** The answer is passed on byte by byte, one in so many milliseconds. */
  readonly msPerByte?: number
}

export interface FaultProxy {
  readonly host: '127.0.0.1'
  readonly port: number
  readonly authority: string
  readonly url: string
  /** Connections that were ever accepted. */
  readonly accepted: number
  /** Connections of clients that are open now. */
  readonly connections: number
  /** Requests that came in over all connections, whether the server saw them or not. */
  readonly requests: number
  /** For every connection that comes; undefined: it is passed through. */
  fault: Fault | undefined
  /** These come first, one connection each. */
  faultNext(...faults: readonly (Fault | undefined)[]): void
  close(): Promise<void>
}

/** @param target where connections are passed on to */
export async function startFaultProxy(
  target: { readonly host: string; readonly port: number },
  fault?: Fault,
): Promise<FaultProxy> {
  const proxy = new Proxy(target, fault)
  await proxy.listen()
  return proxy
}

class Proxy implements FaultProxy {
  readonly host = '127.0.0.1' as const
  port = 0
  accepted = 0
  requests = 0
  fault: Fault | undefined
  readonly #target: { readonly host: string; readonly port: number }
  readonly #server: Server
  readonly #next: (Fault | undefined)[] = []
  readonly #sockets = new Set<Socket>()

  constructor(target: { readonly host: string; readonly port: number }, fault: Fault | undefined) {
    this.#target = target
    this.fault = fault
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client))
  }

  get authority(): string {
    return `${this.host}:${this.port}`
  }

  get url(): string {
    return `http://${this.authority}`
  }

  get connections(): number {
    return this.#sockets.size
  }

  faultNext(...faults: readonly (Fault | undefined)[]): void {
    this.#next.push(...faults)
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(0, this.host, resolve)
    })
    this.port = (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #accept(client: Socket): void {
    this.accepted++
    this.#sockets.add(client)
    client.on('close', () => this.#sockets.delete(client))
    client.on('error', () => undefined)
    const fault = this.#next.length > 0 ? this.#next.shift() : this.fault
    if (fault?.at === 'accept' && fault.by !== undefined) {
      // what comes is read, so that a close is a FIN and no RST
      client.on('data', () => undefined)
      client.on('end', () => client.destroy())
      // not in the turn that accepts: the client shall know that it is connected
      const how = fault.by
      setTimeout(() => breakOff(client, how), 0)
      return
    }
    const server = connect({ ...this.#target, noDelay: true })
    server.on('error', () => client.destroy())
    new Passage(client, server, fault, () => this.requests++)
  }
}

/** One connection and where it breaks. */
class Passage {
  readonly #client: Socket
  readonly #server: Socket
  readonly #fault: Fault
  #requests = 0
  /** Bytes of the client's request have come since the last answer began. */
  #asking = false
  /** What of the present answer was passed on. */
  #passed: Buffer = Buffer.alloc(0)
  #bodyBytes: number | undefined
  #over = false
  #slow: Promise<void> = Promise.resolve()

  constructor(client: Socket, server: Socket, fault: Fault | undefined, onRequest: () => void) {
    this.#client = client
    this.#server = server
    this.#fault = fault ?? {}
    client.on('data', (chunk) => {
      if (!this.#asking) {
        this.#asking = true
        this.#requests++
        onRequest()
      }
      if (!this.#over) server.write(chunk)
    })
    client.on('end', () => void (this.#over || this.#fault.by === 'stall' ? client.destroy() : server.end()))
    client.on('close', () => server.destroy())
    server.on('data', (chunk) => this.#answered(chunk))
    server.on('end', () => void this.#slow.then(() => this.#over || client.end()))
  }

  #answered(chunk: Buffer): void {
    if (this.#over) return
    if (this.#asking) {
      this.#asking = false
      this.#passed = Buffer.alloc(0)
      this.#bodyBytes = undefined
    }
    const { at, by, onRequest = 1 } = this.#fault
    const part = at === undefined || this.#requests !== onRequest ? chunk : this.#until(chunk, at)
    const breaks = part.length < chunk.length || this.#isAt(at, onRequest)
    if (breaks) this.#over = true
    this.#write(part, breaks && by !== undefined ? () => breakOff(this.#client, by) : undefined)
    if (breaks && by !== 'stall') this.#server.destroy()
  }

  /** As much of it as comes before the break. */
  #until(chunk: Buffer, at: NonNullable<Fault['at']>): Buffer {
    if (at === 'accept' || at === 'answer') return chunk.subarray(0, 0)
    const before = this.#passed.length
    const whole = Buffer.concat([this.#passed, chunk])
    const blank = whole.indexOf('\r\n\r\n')
    const headEnd = blank === -1 ? Infinity : blank + 4
    const end = at === 'head' ? headEnd : 'headBytes' in at ? at.headBytes : headEnd + at.bodyBytes
    this.#passed = whole.subarray(0, Math.min(whole.length, end))
    if (this.#passed.length === end) this.#bodyBytes = end - headEnd
    return chunk.subarray(0, Math.max(0, this.#passed.length - before))
  }

  /** The break is exactly at the end of what came. */
  #isAt(at: Fault['at'], onRequest: number): boolean {
    return at !== undefined && this.#requests === onRequest && this.#bodyBytes !== undefined
  }

  #write(part: Buffer, after: (() => void) | undefined): void {
    const { msPerByte } = this.#fault
    if (msPerByte === undefined) {
      this.#client.write(part)
      // their reader gets a moment: a reset that comes together with bytes may look like a FIN (libuv on POLLHUP)
      if (after !== undefined) setTimeout(after, part.length === 0 ? 0 : 10)
      return
    }
    this.#slow = this.#slow.then(() => this.#drip(part, msPerByte)).then(() => after?.())
  }

  async #drip(part: Buffer, msPerByte: number): Promise<void> {
    for (const byte of part) {
      if (this.#client.destroyed) return
      this.#client.write(Uint8Array.of(byte))
      await new Promise((resolve) => {
        setTimeout(resolve, msPerByte)
      })
    }
  }
}

function breakOff(client: Socket, how: NonNullable<Fault['by']>): void {
  if (how === 'reset') {
    // resetAndDestroy() sends a FIN before the RST; what it sets makes destroy() send the RST alone
    Object.assign(client, { resetAndClosing: true }).destroy()
  }
  if (how === 'close') client.end(() => client.destroy())
  if (how === 'half-close') client.end()
}
