// Connect's own server, which speaks Connect, gRPC and gRPC-web: the Echo service on a free port.
import { createServer } from 'node:http'
import { createServer as createHttp2Server, type Http2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { create } from '@bufbuild/protobuf'
import { type StringValue, StringValueSchema } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError, type ConnectRouter, type HandlerContext } from '@connectrpc/connect'
import { connectNodeAdapter } from '@connectrpc/connect-node'
import { Echo } from './connect-service.ts'

export interface ConnectServer {
  readonly authority: string
  readonly httpVersion: '1.1' | '2'
  /** Calls that wait for ever. */
  readonly hanging: number
  /** Responses to Count that nobody has ended or left. */
  readonly streaming: number
  /** At once: connections are cut. */
  close(): Promise<void>
}

const text = (value: string): StringValue => create(StringValueSchema, { value })

const notFound = (): ConnectError =>
  new ConnectError('schön % nicht', Code.NotFound, { why: 'because' }, [
    { desc: StringValueSchema, value: { value: 'the detail' } },
  ])

export async function startConnect({
  httpVersion,
  name = 'echo',
}: {
  readonly httpVersion: '1.1' | '2'
  readonly name?: string
}): Promise<ConnectServer> {
  const now = { hanging: 0, streaming: 0 }
  const adapter = connectNodeAdapter({ routes: (router) => serve(router, name, now) })
  const handler: typeof adapter = (request, response) => {
    if (request.url?.endsWith('/Count') === true) {
      now.streaming++
      response.once('close', () => now.streaming--)
    }
    adapter(request, response)
  }
  const sessions = new Set<Http2Session>()
  const server = httpVersion === '2' ? createHttp2Server(handler) : createServer(handler)
  server.on('session', (session: Http2Session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    authority: `127.0.0.1:${port}`,
    httpVersion,
    get hanging() {
      return now.hanging
    },
    get streaming() {
      return now.streaming
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const session of sessions) session.destroy()
        if ('closeAllConnections' in server) server.closeAllConnections()
      }),
  }
}

function serve(router: ConnectRouter, name: string, now: { hanging: number }): void {
  router.service(Echo, {
    async say({ value }, context) {
      if (value === 'fail') throw notFound()
      if (value === 'hang') await cancelled(context, now)
      if (value === 'headers') answerHeaders(context)
      return text(value === 'name' ? name : value)
    },
    async *count({ value }, { signal }) {
      if (value === 'fail') throw notFound()
      for (let i = 1; i <= Number(value) && !signal.aborted; i++) {
        yield text(String(i))
        // a signal is heard between two messages only
        await new Promise((resolve) => setImmediate(resolve))
      }
      if (value.endsWith('.')) throw notFound()
    },
    async join(messages) {
      let all = ''
      for await (const { value } of messages) all += value
      return text(all)
    },
    async *chat(messages) {
      yield* messages
    },
  })
}

function cancelled({ signal }: HandlerContext, now: { hanging: number }): Promise<never> {
  now.hanging++
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      now.hanging--
      reject(new ConnectError('nobody waits', Code.Canceled))
    })
  })
}

function answerHeaders({ requestHeader, responseHeader, responseTrailer }: HandlerContext): void {
  responseHeader.set('head', requestHeader.get('say') ?? '')
  responseHeader.set('head-bin', requestHeader.get('say-bin') ?? '')
  responseTrailer.set('tail', 'end')
  responseTrailer.set('tail-bin', 'AAE')
}
