// Servers in order: when the next is asked, when all go back, and what is seen meanwhile.
import { SeededRandom, VirtualClock } from '@proxyless/core/spi'
import { describe, expect, test } from 'vitest'
import { Node } from '../generated/envoy/config/core/v3/base.ts'
import { AdsClient } from '../stream/ads-client.ts'
import { Delta } from '../stream/delta.ts'
import type { Kind } from '../stream/kinds.ts'
import { decodeText, ScriptedServer } from '../stream/scripted-server.suite.ts'
import { leaseClient } from '../stream/shared-clients.ts'
import { StateOfTheWorld } from '../stream/sotw.ts'
import { Authorities } from './authorities.ts'
import { Authority, type Server } from './authority.ts'

const node = Node.fromPartial({ id: 'n' })

class World {
  readonly clock = new VirtualClock()
  readonly primary = new ScriptedServer()
  readonly second = new ScriptedServer()
  readonly third = new ScriptedServer()
  readonly authority: Authority
  readonly variant: 'sotw' | 'delta'
  calls = 0

  constructor(variant: 'sotw' | 'delta' = 'sotw', strict = false) {
    this.variant = variant
    const servers = [this.primary, this.second, this.third].map((server, n) => this.server(server, `s${n + 1}`, strict))
    this.authority = new Authority(servers, (_changes, handled) => {
      this.calls++
      handled()
    })
  }

  server(transport: ScriptedServer, uri: string, failOnDataErrors = false): Server {
    const make = (): AdsClient =>
      new AdsClient({
        transport,
        variant: this.variant === 'sotw' ? new StateOfTheWorld(node) : new Delta(node),
        clock: this.clock,
        random: new SeededRandom(1),
        decode: decodeText,
        failOnDataErrors,
      })
    const key = `${keys.get(transport) ?? keyOf(transport)}`
    return { uri, failOnDataErrors, transport: () => transport, lease: () => leaseClient(key, make) }
  }

  async want(kind: Kind, ...names: string[]): Promise<void> {
    this.authority.want(kind, new Set(names))
    await settle()
  }

  async lose(server: ScriptedServer, reason = 'connection refused'): Promise<void> {
    server.last.end(reason)
    await settle()
  }

  async answer(server: ScriptedServer, kind: Kind, resources: Readonly<Record<string, string>>): Promise<void> {
    server.last.accept()
    await settle()
    server.last.reply(kind, { nonce: 'n', version: '1', resources })
    await settle()
  }

  seen(kind: Kind): Record<string, string> {
    return Object.fromEntries(
      [...this.authority.entries(kind)].map(([name, { state, known }]) => [name, `${state} ${String(known?.value)}`]),
    )
  }
}

let keyCount = 0
const keys = new WeakMap<ScriptedServer, number>()
function keyOf(server: ScriptedServer): number {
  keys.set(server, (keyCount += 1))
  return keyCount
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve()
}

describe.each(['sotw', 'delta'] as const)('fallback servers (A71), %s', (variant) => {
  test('F1 the next server is asked when a stream ends without an answer and something is missing', async () => {
    const world = new World(variant)
    await world.want('cluster', 'a')
    expect(world.second.streams).toHaveLength(0)
    await world.lose(world.primary)
    expect(world.second.streams).toHaveLength(1)
    await world.answer(world.second, 'cluster', { a: 'two' })
    expect(world.seen('cluster')).toEqual({ a: 'acked two' })
    expect(world.authority.server?.uri).toBe('s2')
  })

  test('F1 where all is known no other server is asked, and what is known stays', async () => {
    const world = new World(variant)
    await world.want('cluster', 'a')
    await world.answer(world.primary, 'cluster', { a: 'one' })
    await world.lose(world.primary)
    world.clock.advance(1000)
    await world.lose(world.primary)
    world.clock.advance(3_600_000)
    expect(world.second.streams).toHaveLength(0)
    expect(world.seen('cluster')).toEqual({ a: 'acked one' })
    expect(world.authority.trouble).toBe('connection refused')
  })

  test('F1 what is known not to exist is not missing', async () => {
    const world = new World(variant)
    await world.want('cluster', 'a')
    world.primary.last.accept()
    await settle()
    world.clock.advance(15_000)
    await world.lose(world.primary)
    world.clock.advance(1000)
    await world.lose(world.primary)
    expect(world.second.streams).toHaveLength(0)
  })

  test('F1 a stream that ended after an answer is no reason; the one after it that has none is', async () => {
    const world = new World(variant)
    await world.want('cluster', 'a', 'b')
    await world.answer(world.primary, 'cluster', { a: 'one' })
    await world.lose(world.primary, 'max connection age')
    expect(world.second.streams).toHaveLength(0)
    world.clock.advance(1000)
    await world.lose(world.primary)
    expect(world.second.streams).toHaveLength(1)
  })

  test('F1 the wildcard is missing until the server has spoken of its kind', async () => {
    const world = new World(variant)
    await world.want('cluster', '*')
    await world.lose(world.primary)
    await world.answer(world.second, 'cluster', { a: 'two' })
    expect(world.seen('cluster')).toEqual({ a: 'acked two' })
  })

  test('F2 the next server is asked for everything, and the first is tried again with back-off', async () => {
    const world = new World(variant)
    await world.want('listener', 'l')
    await world.want('cluster', 'a', 'b')
    await world.answer(world.primary, 'cluster', { a: 'one' })
    await world.lose(world.primary)
    world.clock.advance(1000)
    await world.lose(world.primary)
    world.second.last.accept()
    await settle()
    expect(world.second.last.take().map(({ kind, names }) => [kind, names])).toEqual([
      ['cluster', ['a', 'b']],
      ['listener', ['l']],
    ])
    const tried = world.primary.streams.length
    world.clock.advance(1300)
    expect(world.primary.streams).toHaveLength(tried + 1)
  })

  test('F2 what the first server has sent stays until the next one has sent it too', async () => {
    const world = new World(variant)
    await world.want('cluster', 'a', 'b')
    await world.answer(world.primary, 'cluster', { a: 'one' })
    await world.lose(world.primary)
    world.clock.advance(1000)
    await world.lose(world.primary)
    expect(world.seen('cluster')).toEqual({ a: 'acked one', b: 'requested undefined' })
    await world.answer(world.second, 'cluster', { b: 'two' })
    expect(world.seen('cluster')).toMatchObject({ b: 'acked two', a: expect.stringMatching(/ one$/) as string })
    await world.answer(world.second, 'cluster', { a: 'new', b: 'two' })
    expect(world.seen('cluster')).toEqual({ a: 'acked new', b: 'acked two' })
  })

  test('F3 the first answer of an earlier server brings all back to it, and later ones are closed', async () => {
    const world = new World(variant)
    await world.want('cluster', 'a')
    await world.lose(world.primary)
    await world.lose(world.second)
    await world.answer(world.third, 'cluster', { a: 'three' })
    expect(world.authority.server?.uri).toBe('s3')
    world.clock.advance(1300)
    await world.answer(world.primary, 'cluster', { a: 'one' })
    expect(world.seen('cluster')).toEqual({ a: 'acked one' })
    expect(world.authority.server?.uri).toBe('s1')
    expect([world.second.last.closed, world.third.last.closed]).toEqual([true, true])
    world.clock.advance(3_600_000)
    expect(world.third.streams).toHaveLength(1)
  })

  test('F3 an earlier server that comes back piece by piece breaks nothing', async () => {
    const world = new World(variant)
    await world.want('cluster', 'a')
    await world.want('endpoints', 'a')
    await world.lose(world.primary)
    await world.answer(world.second, 'cluster', { a: 'two' })
    await world.answer(world.second, 'endpoints', { a: 'two' })
    world.clock.advance(1300)
    await world.answer(world.primary, 'cluster', { a: 'one' })
    expect([world.seen('cluster'), world.seen('endpoints')]).toEqual([{ a: 'acked one' }, { a: 'acked two' }])
  })

  test('F4 trouble is told once the last server has failed, and no longer when one is back', async () => {
    const world = new World(variant)
    await world.want('cluster', 'a')
    for (const server of [world.primary, world.second]) {
      await world.lose(server)
      expect(world.authority.trouble).toBeUndefined()
    }
    await world.lose(world.third, 'no route to host')
    expect(world.authority.trouble).toBe('no route to host')
    expect(world.authority.troubles).toEqual([
      's1: connection refused',
      's2: connection refused',
      's3: no route to host',
    ])
    world.clock.advance(1300)
    await world.answer(world.second, 'cluster', { a: 'two' })
    expect(world.authority.trouble).toBeUndefined()
  })

  test('a want that comes while the first server is away is asked of the next', async () => {
    const world = new World(variant)
    await world.want('cluster', 'a')
    await world.answer(world.primary, 'cluster', { a: 'one' })
    await world.lose(world.primary)
    world.clock.advance(1000)
    await world.lose(world.primary)
    const { calls } = world
    await world.want('cluster', 'a', 'b')
    expect(world.second.streams).toHaveLength(1)
    expect(world.calls).toBe(calls + 1)
  })

  test('A88 fail_on_data_errors: what the server in use does not have is not kept from another', async () => {
    const world = new World(variant, true)
    await world.want('cluster', 'a')
    await world.lose(world.primary)
    await world.answer(world.second, 'cluster', { a: 'two' })
    world.clock.advance(1300)
    await world.answer(world.primary, 'cluster', { a: 'bad' })
    expect(world.seen('cluster')).toEqual({ a: 'nacked undefined' })
  })

  test('E5 closing leaves no stream and no timer', async () => {
    const world = new World(variant)
    await world.want('cluster', 'a')
    await world.lose(world.primary)
    await world.answer(world.second, 'cluster', { a: 'two' })
    world.authority.close()
    expect(world.clock.pendingTimers).toBe(0)
    expect(world.second.last.closed).toBe(true)
  })
})

describe('federation (A47)', () => {
  const of = (authority: string, name = 'a'): string => `xdstp://${authority}/envoy.config.cluster.v3.Cluster/${name}`

  function federation(world: World): Authorities {
    return new Authorities({
      servers: [world.server(world.primary, 's1')],
      named: new Map([
        ['x', [world.server(world.second, 's2')]],
        ['y', [world.server(world.third, 's3'), world.server(world.second, 's2')]],
      ]),
      watcher: (_changes, handled) => handled(),
    })
  }

  test('N3 N4 each name is asked of the servers of its authority, plain ones of the first level', async () => {
    const world = new World()
    const authorities = federation(world)
    authorities.want('cluster', new Set(['a', of('x'), of('y')]))
    await settle()
    for (const server of [world.primary, world.second, world.third]) {
      server.last.accept()
      await settle()
    }
    expect([world.primary, world.second, world.third].map(({ last }) => last.take()[0]?.names)).toEqual([
      ['a'],
      [of('x')],
      [of('y')],
    ])
    await world.answer(world.second, 'cluster', { [of('x')]: 'x' })
    expect(authorities.entry('cluster', of('x'))?.known?.value).toBe('x')
    expect(authorities.entry('cluster', 'a')?.state).toBe('requested')
    authorities.close()
    expect(world.clock.pendingTimers).toBe(0)
  })

  test('N1 a name is found under all its spellings', async () => {
    const world = new World()
    const authorities = federation(world)
    authorities.want('cluster', new Set([of('x', 'a?k=2&b=1')]))
    await settle()
    world.second.last.accept()
    world.second.last.reply('cluster', { nonce: 'n', aliases: {}, resources: { [of('x', 'a?b=%31&k=2')]: 'one' } })
    for (const spelling of ['a?k=2&b=1', 'a?b=1&k=2']) {
      expect(authorities.entry('cluster', of('x', spelling))?.state).toBe('acked')
    }
    authorities.close()
  })

  test('F4 each authority falls back for itself; T12 authorities with the same server share its stream', async () => {
    const world = new World()
    const authorities = federation(world)
    authorities.want('cluster', new Set(['a', of('x'), of('y')]))
    await settle()
    await world.lose(world.third)
    expect(world.second.streams).toHaveLength(1)
    world.second.last.accept()
    await settle()
    expect(world.second.last.take()[0]?.names).toEqual([of('x'), of('y')])
    expect(world.primary.streams).toHaveLength(1)
    await world.answer(world.second, 'cluster', { [of('x')]: 'x', [of('y')]: 'y' })
    expect(authorities.entry('cluster', of('y'))?.known?.value).toBe('y')
    authorities.close()
  })

  test('N3 a name of an unknown authority is an error at once: nobody is asked, nothing is waited for', async () => {
    const world = new World()
    const authorities = federation(world)
    authorities.want('cluster', new Set([of('z')]))
    await settle()
    expect(authorities.entry('cluster', of('z'))).toMatchObject({
      state: 'doesNotExist',
      error: 'the bootstrap has no authority "z"',
    })
    expect(world.primary.streams).toHaveLength(0)
    expect(world.clock.pendingTimers).toBe(0)
  })
})
