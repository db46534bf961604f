// A server of the contract's methods that tells what it saw of each call; here that of grpc-js. The one in Go is
// test/peers/grpc-go/backend/contract.go.
import { type Metadata, Metadata as Head, status as codes } from '@grpc/grpc-js'
import { startGrpc } from '../../kit/grpc-backend.ts'

/** A call as its server saw it: what its library shows of it. */
export interface Seen {
  readonly method: string
  readonly metadata: Readonly<Record<string, readonly string[]>>
  readonly cancelled: boolean
  /** A deadline was sent along. */
  readonly deadline: boolean
  /** `grpc-encoding`, and of each message of the request whether it came compressed. */
  readonly encoding?: string
  readonly compressed?: readonly boolean[] | null
}

export interface Witness {
  readonly authority: string
  /** What it has seen since it was asked last, of calls that have ended. */
  seen(): Promise<readonly Seen[]>
  close(): Promise<void>
}

interface ServerCall {
  readonly metadata: Metadata
  readonly cancelled: boolean
  getDeadline(): Date | number
  getPath(): string
}

export async function startWitness(): Promise<Witness> {
  let seen: Seen[] = []
  const note = (call: ServerCall): void => {
    seen.push({
      method: call.getPath(),
      metadata: readable(call.metadata),
      cancelled: call.cancelled,
      deadline: Number(call.getDeadline()) !== Infinity,
    })
  }
  const server = await startGrpc(
    {
      unary: {
        '/t/Echo': (call, answer) => {
          note(call)
          call.sendMetadata(echoed(call.metadata))
          const trailers = new Head()
          trailers.set('end-bin', Buffer.from([0, 255]))
          answer(null, call.request, trailers)
        },
        '/t/Fail': (call, answer) => {
          note(call)
          const metadata = new Head()
          metadata.set('grpc-status-details-bin', Buffer.from([8, 5, 18, 2, 104, 105]))
          metadata.add('why', 'one')
          metadata.add('why', 'two')
          answer({ code: codes.NOT_FOUND, details: 'schön % nicht\nda', metadata })
        },
        '/t/FailLate': (call, answer) => {
          note(call)
          call.sendMetadata(new Head())
          answer({ code: codes.ABORTED, details: 'later' })
        },
        '/t/Big': (_call, answer) => answer(null, Buffer.alloc(5 << 20)),
        '/t/Hang': (call) => {
          call.sendMetadata(new Head())
          call.on('cancelled', () => note(call))
        },
      },
      clientStream: {
        '/t/Sum': (call, answer) => {
          const parts: Buffer[] = []
          call.on('data', (part: Buffer) => parts.push(part))
          call.on('end', () => {
            note(call)
            answer(null, Buffer.concat(parts))
          })
        },
      },
      serverStream: {
        '/t/Count': (call) => {
          note(call)
          for (const digit of '0123456789') call.write(Buffer.from(digit))
          call.end()
        },
      },
      bidi: {
        '/t/Half': (call) => {
          note(call)
          call.write(Buffer.from('first'))
          call.once('data', () => call.emit('error', { code: codes.DATA_LOSS, details: 'half' }))
        },
      },
    },
    { 'grpc.max_receive_message_length': 8 << 20 },
  )
  return {
    authority: server.authority,
    seen: () => {
      const told = seen
      seen = []
      return Promise.resolve(told)
    },
    close: () => server.close(),
  }
}

function readable(metadata: Metadata): Seen['metadata'] {
  return Object.fromEntries(
    Object.entries(metadata.toJSON()).map(([name, values]) => [
      name,
      values.map((value) => (typeof value === 'string' ? value : value.toString('base64'))),
    ]),
  )
}

function echoed(metadata: Metadata): Metadata {
  const head = new Head()
  for (const name of Object.keys(metadata.getMap())) {
    if (name.startsWith('echo-')) for (const value of metadata.get(name)) head.add(name, value)
  }
  return head
}
