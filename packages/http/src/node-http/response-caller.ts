// Whoever asked by node:http: the answer is written to the inner end of its connection, by Node's own server.
import { type ServerResponse, STATUS_CODES } from 'node:http'
import { type Duplex, pipeline } from 'node:stream'
import type { Caller } from '../caller.ts'
import { listOfRaw, type RawHeaders, textsOfRaw } from '../headers.ts'
import type { LoopSocket } from './loop-socket.ts'

const nothing = Buffer.alloc(0)

export class ResponseCaller implements Caller {
  readonly #response: ServerResponse
  readonly #socket: LoopSocket

  constructor(response: ServerResponse, socket: LoopSocket) {
    this.#response = response
    this.#socket = socket
    response.sendDate = false
    response.on('error', () => undefined)
  }

  start(abort: (reason?: Error) => void): void {
    this.#socket.once('close', gone)
    this.#response.once('finish', () => this.#socket.removeListener('close', gone))
    function gone(): void {
      abort(new Error('the client has closed its connection'))
    }
  }

  head(status: number, raw: RawHeaders, resume: () => void, statusText: string): boolean {
    const response = this.#response
    if (status < 200) {
      const link = status === 103 ? linksOf(raw) : []
      if (link.length > 0) response.writeEarlyHints({ link })
      return true
    }
    response.writeHead(status, statusText || (STATUS_CODES[status] ?? ''), ofManyHops(raw))
    // the head goes out at once; flushHeaders() would write it as UTF-8
    response.write(nothing)
    response.on('drain', resume)
    return !response.writableNeedDrain
  }

  data(chunk: Buffer): boolean {
    return this.#response.write(chunk)
  }

  end(trailers: RawHeaders): void {
    if (trailers.length > 0) this.#response.addTrailers(pairsOf(trailers))
    this.#response.end()
  }

  /** Before the head the client hears the reason; after it, that the connection broke off. */
  error(reason: Error): void {
    if (this.#response.headersSent) this.#socket.destroy()
    else this.#socket.fail(reason)
  }

  upgrade(status: number, raw: RawHeaders, upstream: Duplex): void {
    const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`]
    const texts = textsOfRaw(raw)
    for (let i = 0; i + 1 < texts.length; i += 2) lines.push(`${texts[i]}: ${texts[i + 1]}`)
    const socket = this.#socket
    this.#response.detachSocket(socket as never)
    socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
    // each side's end or failure ends the other
    pipeline(socket, upstream, socket, () => {
      socket.destroy()
      upstream.destroy()
    })
  }

  firstByte(): void {
    // node:http has no such event
  }
}

/** What concerns only the connection to the endpoint stays there. */
function ofManyHops(raw: RawHeaders): string[] {
  const texts = textsOfRaw(raw)
  const kept: string[] = []
  for (let i = 0; i + 1 < texts.length; i += 2) {
    const name = texts[i] ?? ''
    if (!/^(connection|keep-alive|proxy-connection|upgrade)$/i.test(name)) kept.push(name, texts[i + 1] ?? '')
  }
  return kept
}

function linksOf(raw: RawHeaders): string[] {
  const list = listOfRaw(raw)
  return list.filter((_text, i) => i % 2 === 1 && list[i - 1] === 'link')
}

function pairsOf(raw: RawHeaders): [string, string][] {
  const texts = textsOfRaw(raw)
  return texts.flatMap((name, i) => (i % 2 === 0 ? [[name, texts[i + 1] ?? ''] satisfies [string, string]] : []))
}
