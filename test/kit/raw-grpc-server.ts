// An HTTP/2 server for tests of what gRPC servers do below their API: resets, GOAWAY, odd heads.
import {
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'

export interface RawGrpcServer {
  readonly authority: string
  readonly server: Http2Server
  /** Of all requests, in order of arrival. */
  readonly requests: IncomingHttpHeaders[]
  readonly sessions: Set<ServerHttp2Session>
  /** How many sessions there have been. */
  readonly accepted: () => number
  close(): Promise<void>
}

type Handle = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, request: number, rawHeaders: string[]) => void

export async function startRawGrpc(
  handle: Handle,
  settings: Parameters<typeof createServer>[0] = {},
): Promise<RawGrpcServer> {
  const server = createServer(settings)
  const requests: IncomingHttpHeaders[] = []
  const sessions = new Set<ServerHttp2Session>()
  let accepted = 0
  server.on('session', (session) => {
    accepted++
    sessions.add(session)
    session.on('error', () => undefined)
    session.on('close', () => sessions.delete(session))
  })
  // that the headers come as they were sent besides is not in the types
  server.on('stream', (stream, headers, _flags: number, rawHeaders: string[] = []) => {
    stream.on('error', () => undefined)
    requests.push(headers)
    handle(stream, headers, requests.length, rawHeaders)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    authority: `127.0.0.1:${port}`,
    server,
    requests,
    sessions,
    accepted: () => accepted,
    close: () => {
      for (const session of sessions) session.destroy()
      server.close()
      return Promise.resolve()
    },
  }
}

/** A message as it stands on the wire, not compressed. */
export function framed(message: Buffer | string): Buffer {
  const bytes = Buffer.from(message)
  const head = Buffer.alloc(5)
  head.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}

const head = { ':status': 200, 'content-type': 'application/grpc' }

/** One message and OK. */
export function answerWith(stream: ServerHttp2Stream, message: Buffer | string): void {
  stream.respond(head, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  stream.end(framed(message))
}

/** Head and status in one. */
export function trailersOnly(stream: ServerHttp2Stream, status: number, more: Record<string, string> = {}): void {
  stream.respond({ ...head, 'grpc-status': String(status), ...more }, { endStream: true })
}
