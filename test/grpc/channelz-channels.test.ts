// channelz of the channels that clients hold: by their targets, with the connections that their calls use below them.
// Where grpc-js registers channels is not public: the copy of the application is held to it, not all minors.
import { getChannelzHandlers } from '@grpc/grpc-js'
import { meshChannel } from '@proxyless/grpc'
import { expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { startGrpc } from '../kit/grpc-backend.ts'
import { GrpcClient } from '../kit/grpc-calls.ts'
import { closeAfterEach, mesh, opened } from '../kit/opened.ts'

closeAfterEach()

interface Channel {
  readonly data: {
    readonly state: { readonly state: string }
    readonly calls_started: number
    readonly calls_succeeded: number
    readonly calls_failed: number
  }
  readonly subchannel_ref: readonly { readonly subchannel_id: number; readonly name: string }[]
}

type Handlers = ReturnType<typeof getChannelzHandlers>

function channelsTo(target: string): Channel[] {
  const found: Channel[] = []
  const call = { request: { start_channel_id: 0 } } as unknown as Parameters<Handlers['GetTopChannels']>[0]
  getChannelzHandlers().GetTopChannels(call, (_error, answer) => {
    for (const channel of answer?.channel ?? []) {
      if (channel.data?.target === target) found.push(channel as unknown as Channel)
    }
  })
  return found
}

test('a channel of a client is shown from its first call to its end, with its calls and the connections they use', async () => {
  const serve = async (): ReturnType<typeof startGrpc> =>
    opened(
      await startGrpc({
        unary: {
          '/t/Ok': (call, answer) => answer(null, call.request),
          '/t/Fail': (_call, answer) => answer({ code: 9, details: 'no' }),
        },
      }),
    )
  const servers = [await serve(), await serve(), await serve()]
  const [one, two, other] = servers.map(({ authority }) => endpoint(authority))
  const hosts = [host(['ratings'], [route(forward('c'))]), host(['reviews'], [route(forward('d'))])]
  const m = await mesh(config(hosts, [cluster('c', [one!, two!]), cluster('d', [other!])]))
  using client = new GrpcClient('mesh:///ratings', meshChannel(m))
  using unshown = new GrpcClient('mesh:///ratings', { ...meshChannel(m), 'grpc.enable_channelz': 0 })
  using elsewhere = new GrpcClient('mesh:///reviews', meshChannel(m))
  expect(channelsTo('mesh:///ratings')).toEqual([])
  for (const method of ['/t/Ok', '/t/Ok', '/t/Ok', '/t/Fail']) await client.unary(method, 'x')
  await unshown.unary('/t/Ok', 'x')
  await elsewhere.unary('/t/Ok', 'x')

  const shown = channelsTo('mesh:///ratings')
  expect(shown).toMatchObject([
    { data: { state: { state: 'READY' }, calls_started: 4, calls_succeeded: 3, calls_failed: 1 } },
  ])
  const names = shown.flatMap(({ subchannel_ref }) => subchannel_ref.map(({ name }) => name))
  expect(names.toSorted()).toEqual([servers[0]!.authority, servers[1]!.authority].toSorted())

  client.close()
  expect(channelsTo('mesh:///ratings')).toEqual([])
})
