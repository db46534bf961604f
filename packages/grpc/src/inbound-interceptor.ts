// For servers of grpc-js: the calls made while one is served inherit of it, where Node does not tell of requests over HTTP/2 itself.
import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from '@grpc/grpc-js'
import { formatGrpcTimeout, type HeaderLines, house, type Housed, type Inbound } from '@proxyless/core/spi'

/** For the option `interceptors` of a grpc-js `Server`. */
export function inboundInterceptor(mesh: Housed): ServerInterceptor {
  const { surroundings, clock } = mesh[house]
  return (_method, call) => {
    if (surroundings === undefined) return new ServerInterceptingCall(call)
    let run = <T>(next: () => T): T => next()
    let served: ServedCall | undefined
    return new ServerInterceptingCall(call, {
      start: (next) => {
        next({
          onReceiveMetadata: (metadata, receive) => {
            served = new ServedCall(metadata, leftMs(call, clock.wallNow()))
            run = surroundings.surround(served)
            run(() => receive(metadata))
          },
          onReceiveMessage: (message, receive) => run(() => receive(message)),
          onReceiveHalfClose: (receive) => run(receive),
        })
      },
      sendStatus: (status, send) => {
        if (served !== undefined) served.answered = true
        send(status)
      },
    })
  }
}

class ServedCall implements Inbound {
  readonly grpc = true
  answered = false
  readonly #metadata: Metadata
  readonly #timeout: string | undefined

  constructor(metadata: Metadata, timeoutMs: number) {
    this.#metadata = metadata
    this.#timeout = timeoutMs === Infinity ? undefined : formatGrpcTimeout(Math.max(0, Math.ceil(timeoutMs)))
  }

  /** grpc-js takes the timeout out of what it shows. */
  header(name: string): HeaderLines {
    if (name === 'grpc-timeout') return this.#timeout
    const lines = this.#metadata.get(name).filter((value) => typeof value === 'string')
    return lines.length === 0 ? undefined : lines
  }
}

function leftMs(call: ServerInterceptingCallInterface, nowMs: number): number {
  return Number(call.getDeadline()) - nowMs
}
