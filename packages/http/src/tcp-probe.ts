// Asks an endpoint by TCP how it is: a connection is enough, or bytes that it must answer with (Envoy TcpHealthCheckerImpl).
// Every check opens a connection of its own and closes it.
import type { Socket } from 'node:net'
import type { Cluster, Endpoint, HealthProbe, ProbeResult, TcpHealthCheck } from '@proxyless/core/spi'
import { HealthTarget } from './health-target.ts'

export class TcpProbe implements HealthProbe {
  readonly #check: TcpHealthCheck
  readonly #target: HealthTarget
  readonly #host: string
  #socket: Socket | undefined
  /** Answers of an earlier check are dropped. */
  #round = 0

  constructor(check: TcpHealthCheck, endpoint: Endpoint, cluster: Cluster) {
    this.#check = check
    this.#target = new HealthTarget(endpoint, cluster, check.timeoutMs)
    this.#host = endpoint.healthCheck?.hostname || endpoint.hostname || endpoint.address
  }

  check(answer: (result: ProbeResult) => void): void {
    const round = ++this.#round
    const end = (result: ProbeResult): void => {
      if (round !== this.#round) return
      this.cancel()
      answer(result)
    }
    this.#target.connect(this.#host, (error, socket) => {
      if (error !== null) end(failed(error.message))
      else if (round !== this.#round) socket.destroy()
      else this.#converse(socket, end)
    })
  }

  cancel(): void {
    this.#round++
    this.#socket?.destroy()
    this.#socket = undefined
  }

  close(): void {
    this.cancel()
  }

  #converse(socket: Socket, end: (result: ProbeResult) => void): void {
    const { send, receive = [] } = this.#check
    this.#socket = socket
    socket.unref()
    socket.on('error', (error) => end(failed(error.message)))
    socket.on('close', () => end(failed('the connection was closed')))
    if (receive.length === 0) {
      end({ kind: 'passed', degraded: false })
      return
    }
    let heard = Buffer.alloc(0)
    socket.on('data', (data: Buffer) => {
      heard = Buffer.concat([heard, data])
      if (holds(heard, receive)) end({ kind: 'passed', degraded: false })
    })
    if (send !== undefined) socket.write(send)
  }
}

/** All parts one after the other, with anything between them. */
function holds(heard: Buffer, parts: readonly Uint8Array[]): boolean {
  let from = 0
  for (const part of parts) {
    const found = heard.indexOf(part, from)
    if (found === -1) return false
    from = found + part.length
  }
  return true
}

function failed(reason: string): ProbeResult {
  return { kind: 'failed', reason, atOnce: false, excluded: false }
}
