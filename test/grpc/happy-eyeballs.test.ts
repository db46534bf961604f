// Endpoints with several addresses: whichever answers first carries the calls (gRFC A61), and to all else they are one.
import { networkInterfaces } from 'node:os'
import { credentials, ServerCredentials } from '@grpc/grpc-js'
import { VirtualClock } from '@proxyless/core/spi'
import { meshChannel } from '@proxyless/grpc'
import { describe, expect, test } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { startGrpc } from '../kit/grpc-backend.ts'
import { GrpcClient } from '../kit/grpc-calls.ts'
import { startMute } from '../kit/mute-server.ts'
import { closeAfterEach, mesh, opened } from '../kit/opened.ts'
import { until } from '../kit/until.ts'

const hasV6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))
// before its 1.13 grpc-js took a connection for ready that nobody had answered on
const waitsForSettings = '_createSecureConnector' in credentials.createInsecure()

describe.skipIf(!hasV6)('an endpoint with addresses of both families', () => {
  closeAfterEach()

  /** Answers by the address that it was called at. */
  const serve = async (address: string): Promise<number> => {
    const handlers = {
      unary: {
        '/t/Who': (_call: unknown, answer: (error: null, value: Buffer) => void) => answer(null, Buffer.from(address)),
      },
    }
    const credential = ServerCredentials.createInsecure()
    const server = opened(await startGrpc(handlers, {}, credential, address === '::1' ? '[::1]:0' : `${address}:0`))
    return Number(server.authority.split(':')[1])
  }

  /** Time stands still: no address is late because the machine is slow. */
  let clock: VirtualClock
  const meshTo = (first: string, ...others: [address: string, port: number][]): ReturnType<typeof mesh> => {
    clock = new VirtualClock()
    const additionalAddresses = others.map(([address, port]) => ({ address, port }))
    const clusters = [cluster('c', [endpoint(first, { additionalAddresses })])]
    return mesh(config([host(['ratings'], [route(forward('c'))])], clusters), { clock })
  }

  const who = async (m: Awaited<ReturnType<typeof mesh>>): Promise<string> => {
    using client = new GrpcClient('ratings', meshChannel(m))
    const { message, details } = await client.unary('/t/Who')
    return message?.toString() ?? details
  }

  test('its own address comes first', async () => {
    const m = await meshTo(`127.0.0.1:${await serve('127.0.0.1')}`, ['::1', await serve('::1')])
    expect(await who(m)).toBe('127.0.0.1')
  })

  test('where that refuses, the next is tried at once; for all else it is one endpoint', async () => {
    const dead = await startMute()
    await dead.close()
    const m = await meshTo(dead.authority, ['::1', await serve('::1')])
    expect([await who(m), await who(m)]).toEqual(['::1', '::1'])
    const seen = m.status().clusters.find(({ name }) => name === 'c')
    expect(seen?.endpoints).toMatchObject([{ address: dead.authority, failedRequests: 0 }])
  })

  test.skipIf(!waitsForSettings)(
    'where that says nothing, the next is tried beside it, and it is given up',
    async () => {
      const mute = opened(await startMute())
      const m = await meshTo(mute.authority, ['::1', await serve('::1')])
      const asked = who(m)
      await until(() => mute.sockets.size === 1)
      clock.advance(250)
      expect(await asked).toBe('::1')
      await until(() => mute.sockets.size === 0)
    },
  )

  test('where none can be reached, the call fails as with one address', async () => {
    const [one, other] = [await startMute(), await startMute()]
    await one.close()
    await other.close()
    const m = await meshTo(one.authority, ['::1', Number(other.authority.split(':')[1])])
    expect(await who(m)).toMatch(/reset reason: remote connection failure$/)
  })
})
