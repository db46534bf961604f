// The gRPC server of the discovery service: streams in, connections out. The only file that knows grpc-js.
import { Server, ServerCredentials, type ServerDuplexStream, status, type UntypedHandleCall } from '@grpc/grpc-js'
import type { Clock } from '@proxyless/core/spi'
import type { Connection, Wire } from './connection.ts'
import { delta } from './delta.ts'
import { stateOfTheWorld } from './sotw.ts'
import type { Variant } from './variant.ts'

type Stream = ServerDuplexStream<Uint8Array, Uint8Array>

const maxMessageBytes = 64 * 1024 * 1024
/** A connection that is silent for so long is asked whether it lives, and dropped if it does not answer. */
const keepAliveMs = 60_000
const closeWithinMs = 2_000

const asIs = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
const raw = (buffer: Buffer): Uint8Array => buffer

export interface Listening {
  readonly port: number
  /** Ends all streams in good order, and what has not ended then. */
  close(): Promise<void>
}

/** @param accept makes the connection of each stream @throws Error when the address cannot be listened on */
export async function listen(
  address: string,
  accept: (variant: Variant, wire: Wire) => Connection,
  clock: Clock,
): Promise<Listening> {
  const server = new Server({
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.keepalive_time_ms': keepAliveMs,
    'grpc.keepalive_timeout_ms': 20_000,
  })
  const open = new Set<Wire>()
  for (const variant of [stateOfTheWorld, delta]) {
    const handle = (stream: Stream): void => {
      const wire = wireOf(stream)
      open.add(wire)
      serve(stream, accept(variant, wire), () => open.delete(wire))
    }
    const definition = {
      path: variant.method,
      requestStream: true,
      responseStream: true,
      requestSerialize: asIs,
      requestDeserialize: raw,
      responseSerialize: asIs,
      responseDeserialize: raw,
    }
    server.addService({ [variant.name]: definition }, { [variant.name]: handle as UntypedHandleCall })
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    )
  })
  return {
    port,
    close: async () => {
      for (const wire of open) wire.end('done', 'the server is shutting down')
      await new Promise<void>((resolve) => {
        server.tryShutdown(() => resolve())
        const force = (): void => {
          server.forceShutdown()
          resolve()
        }
        clock.setTimer(closeWithinMs, force, true)
      })
    },
  }
}

function serve(stream: Stream, connection: Connection, gone: () => void): void {
  let live = true
  const close = (): void => {
    if (!live) return
    live = false
    gone()
    connection.close()
  }
  stream.on('data', (bytes: Uint8Array) => {
    if (live) connection.take(bytes)
  })
  stream.on('drain', () => connection.drained())
  stream.on('cancelled', close)
  stream.on('error', close)
  stream.on('end', () => {
    close()
    stream.end()
  })
}

function wireOf(stream: Stream): Wire {
  let ended = false
  return {
    peer: stream.getPeer(),
    send: (bytes) => ended || stream.write(bytes),
    hold: () => void stream.pause(),
    release: () => void stream.resume(),
    end: (how, why) => {
      if (ended) return
      ended = true
      if (how === 'done') stream.end()
      else
        stream.emit('error', { code: how === 'invalid' ? status.INVALID_ARGUMENT : status.UNAVAILABLE, details: why })
    },
  }
}
