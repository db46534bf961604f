// channelz, as an operator asks for it: the connections of the mesh are there, with where they lead and what they have carried.
import { getChannelzHandlers } from '@grpc/grpc-js'
import { meshChannel } from '@proxyless/grpc'
import { expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { startGrpc } from '../kit/grpc-backend.ts'
import { GrpcClient } from '../kit/grpc-calls.ts'
import { closeAfterEach, mesh, opened } from '../kit/opened.ts'

closeAfterEach()

const handlers = getChannelzHandlers()

/** What a method of the service answers. */
function asked<T>(method: string, request: object): Promise<T> {
  return new Promise((resolve, reject) => {
    const handle = handlers[method] as unknown as (call: object, done: (error: unknown, value: T) => void) => void
    handle({ request }, (error, value) => (error ? reject(error) : resolve(value)))
  })
}

interface Counts {
  readonly target: string
  readonly state: { readonly state: string }
  readonly calls_started: number
  readonly calls_succeeded: number
  readonly calls_failed: number
}

interface Channel {
  readonly data: Counts
  readonly subchannel_ref: readonly { readonly subchannel_id: number }[]
}

interface Subchannel {
  readonly data: Counts
  readonly socket_ref: readonly { readonly socket_id: number }[]
}

interface SocketSeen {
  readonly remote: { readonly tcpip_address: { readonly port: number } }
  readonly data: { readonly streams_started: number; readonly messages_received: number }
}

const portOf = ({ authority }: { readonly authority: string }): number => Number(authority.split(':')[1])

test('each endpoint has a channel, its subchannel and socket, with address and counts', async () => {
  const serve = async (): ReturnType<typeof startGrpc> =>
    opened(
      await startGrpc({
        unary: {
          '/t/Ok': (call, answer) => answer(null, call.request),
          '/t/Fail': (_call, answer) => answer({ code: 9, details: 'no' }),
        },
      }),
    )
  const servers = [await serve(), await serve()]
  const endpoints = servers.map(({ authority }) => endpoint(authority))
  const m = await mesh(config([host(['ratings'], [route(forward('c'))])], [cluster('c', endpoints)]))
  using client = new GrpcClient('ratings', meshChannel(m))
  for (const method of ['/t/Ok', '/t/Ok', '/t/Ok', '/t/Ok', '/t/Fail', '/t/Fail']) await client.unary(method, 'x')

  const { channel: top } = await asked<{ channel: Channel[] }>('GetTopChannels', {
    start_channel_id: 0,
    max_results: 0,
  })
  for (const server of servers) {
    const channel = top.find(({ data }) => data.target.endsWith(`:${portOf(server)}`))
    expect(channel?.data).toMatchObject({ state: { state: 'READY' }, calls_started: 3 })
    const id = channel?.subchannel_ref[0]?.subchannel_id
    const { subchannel } = await asked<{ subchannel: Subchannel }>('GetSubchannel', { subchannel_id: id })
    expect(subchannel.data).toMatchObject({
      target: server.authority,
      calls_started: 3,
      calls_succeeded: 2,
      calls_failed: 1,
    })
    const { socket } = await asked<{ socket: SocketSeen }>('GetSocket', {
      socket_id: subchannel.socket_ref[0]?.socket_id,
    })
    expect(socket.remote.tcpip_address.port).toBe(portOf(server))
    expect(socket.data).toMatchObject({ streams_started: 3, messages_received: 2 })
  }

  await m.close()
  const { channel: left } = await asked<{ channel: Channel[] }>('GetTopChannels', {
    start_channel_id: 0,
    max_results: 0,
  })
  const ports = servers.map(portOf)
  expect(left.filter(({ data }) => ports.some((port) => data.target.endsWith(`:${port}`)))).toEqual([])
})
