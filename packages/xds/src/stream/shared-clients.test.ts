// Who shares a client, and when it ends.
import { SeededRandom, VirtualClock } from '@proxyless/core/spi'
import { expect, test } from 'vitest'
import { Node } from '../generated/envoy/config/core/v3/base.ts'
import { AdsClient } from './ads-client.ts'
import { decodeText, ScriptedServer } from './scripted-server.suite.ts'
import { leaseClient } from './shared-clients.ts'
import { StateOfTheWorld } from './sotw.ts'

test('T12 all who ask alike share one stream, which ends with the last of them', async () => {
  const server = new ScriptedServer()
  const make = (): AdsClient =>
    new AdsClient({
      transport: server,
      variant: new StateOfTheWorld(Node.fromPartial({})),
      clock: new VirtualClock(),
      random: new SeededRandom(1),
      decode: decodeText,
    })
  const [one, two, other] = [leaseClient('a', make), leaseClient('a', make), leaseClient('b', make)]
  expect(two.client).toBe(one.client)
  expect(other.client).not.toBe(one.client)
  for (const { client } of [one, two, other])
    client.subscribe((_changes, handled) => handled()).want('cluster', new Set(['x']))
  expect(server.streams).toHaveLength(2)
  one.release()
  one.release()
  expect(server.streams[0]?.closed).toBe(false)
  two.release()
  expect(server.streams.map(({ closed }) => closed)).toEqual([true, false])
  other.release()
})
