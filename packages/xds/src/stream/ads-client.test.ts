// The stream machine against a scripted server on virtual time: rules of both variants, then those of each.
import { SeededRandom, VirtualClock } from '@proxyless/core/spi'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { AdsClient, type AdsClientOptions, type Subscription } from './ads-client.ts'
import { Delta } from './delta.ts'
import { type Kind, TYPE_URLS } from './kinds.ts'
import { decodeText, ScriptedServer, type ScriptedStream, textResource } from './scripted-server.suite.ts'
import { StateOfTheWorld } from './sotw.ts'
import type { Any } from '../generated/google/protobuf/any.ts'
import { Node } from '../generated/envoy/config/core/v3/base.ts'

interface World {
  readonly clock: VirtualClock
  readonly server: ScriptedServer
  readonly client: AdsClient
  readonly subscription: Subscription
  readonly stream: ScriptedStream
  /** How often the watcher was called. */
  calls(): number
  want(kind: Kind, ...names: string[]): Promise<void>
  /** What the client holds: name to value, or to `state: error`. */
  holds(kind: Kind): Record<string, string>
}

type VariantName = 'sotw' | 'delta'

const node = Node.fromPartial({ id: 'test-node' })

function world(variant: VariantName, options: Partial<AdsClientOptions> = {}): World {
  const clock = new VirtualClock()
  const server = new ScriptedServer()
  const client = new AdsClient({
    transport: server,
    variant: variant === 'sotw' ? new StateOfTheWorld(node) : new Delta(node),
    clock,
    random: new SeededRandom(1),
    decode: decodeText,
    ...options,
  })
  let calls = 0
  const subscription = client.subscribe((_changes, handled) => {
    calls++
    handled()
  })
  return {
    clock,
    server,
    client,
    subscription,
    get stream() {
      return server.last
    },
    calls: () => calls,
    want: async (kind, ...names) => {
      subscription.want(kind, new Set(names))
      await settle()
    },
    holds: (kind) =>
      Object.fromEntries(
        [...client.entries(kind)].map(([name, { state, known, error }]) => [
          name,
          state === 'acked'
            ? String(known?.value)
            : `${state}: ${error ?? ''}${known ? ` (${String(known.value)})` : ''}`,
        ]),
      ),
  }
}

async function opened(
  variant: VariantName,
  kind: Kind,
  names: string[],
  options?: Partial<AdsClientOptions>,
): Promise<World> {
  const it = world(variant, options)
  await it.want(kind, ...names)
  it.stream.accept()
  await settle()
  return it
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve()
}

describe.each<VariantName>(['sotw', 'delta'])('on a %s stream', (variant) => {
  test('T1 T2 the first request of a stream carries the node, later ones do not', async () => {
    const it = await opened(variant, 'cluster', ['a'])
    await it.want('listener', 'l')
    expect(it.stream.method).toMatch(
      variant === 'sotw' ? /AggregatedDiscoveryService\/StreamAggregatedResources$/ : /\/DeltaAggregatedResources$/,
    )
    expect(it.stream.requests.map((request) => [request.kind, request.node])).toEqual([
      ['cluster', true],
      ['listener', false],
    ])
  })

  test('T3 T5 a good response gets exactly one ACK with its nonce', async () => {
    const it = await opened(variant, 'cluster', ['a'])
    it.stream.take()
    it.stream.reply('cluster', { version: '1', nonce: 'n1', resources: { a: 'one' } })
    await settle()
    expect(it.stream.take()).toMatchObject([{ nonce: 'n1', error: undefined }])
    expect(it.holds('cluster')).toEqual({ a: 'one' })
  })

  test('T5 T6 A46 bad resources are told by name in one NACK, good ones beside them are used', async () => {
    const it = await opened(variant, 'cluster', ['a', 'b', 'c'])
    it.stream.take()
    it.stream.reply('cluster', {
      version: '1',
      nonce: 'n1',
      resources: { a: 'one', b: 'bad weight', c: 'throw' },
    })
    await settle()
    const [nack, ...more] = it.stream.take()
    expect(more).toEqual([])
    expect(nack).toMatchObject({ nonce: 'n1', version: '' })
    expect(nack?.error).toContain('b: bad weight')
    expect(nack?.error).toContain('decoder broke')
    expect(it.holds('cluster')).toMatchObject({ a: 'one', b: 'nacked: bad weight' })
  })

  test('D5 a refused resource keeps its last good version, and a good one later makes it well again', async () => {
    const it = await opened(variant, 'cluster', ['a'])
    it.stream.reply('cluster', { version: '1', nonce: 'n1', resources: { a: 'one' } })
    it.stream.reply('cluster', { version: '2', nonce: 'n2', resources: { a: 'bad two' } })
    expect(it.holds('cluster')).toEqual({ a: 'nacked: bad two (one)' })
    it.stream.reply('cluster', { version: '3', nonce: 'n3', resources: { a: 'one' } })
    expect(it.holds('cluster')).toEqual({ a: 'one' })
  })

  test('T6 a name that comes twice in one response is refused, and told', async () => {
    const it = await opened(variant, 'cluster', ['a'])
    it.stream.take()
    it.stream.reply('cluster', {
      nonce: 'n1',
      raw: [textResource('cluster', 'a', 'one'), textResource('cluster', 'a', 'two')],
    })
    expect(it.stream.take()[0]?.error).toContain('a: appears twice')
  })

  test('T6 what cannot be read at all is refused without a name and costs nothing that was there', async () => {
    const it = await opened(variant, 'cluster', ['a'])
    it.stream.reply('cluster', { nonce: 'n1', resources: { a: 'one' } })
    it.stream.take()
    it.stream.reply('cluster', { nonce: 'n2', raw: [textResource('cluster', '', 'nameless')] })
    expect(it.stream.take()[0]?.error).toBe('cannot be read')
    expect(it.holds('cluster')).toEqual({ a: 'one' })
  })

  test('T9 what nobody asked for is ignored and still acknowledged', async () => {
    const it = await opened(variant, 'endpoints', ['a'])
    it.stream.take()
    it.stream.reply('endpoints', { nonce: 'n1', resources: { a: 'one', stranger: 'x' } })
    expect(it.stream.take()).toMatchObject([{ nonce: 'n1', error: undefined }])
    expect(it.holds('endpoints')).toEqual({ a: 'one' })
  })

  test('T9 a response of an unknown type is neither acknowledged nor refused, and the next one is read', async () => {
    const it = await opened(variant, 'cluster', ['a'])
    it.stream.take()
    it.stream.reply('cluster', { nonce: 'n1', typeUrl: 'type.googleapis.com/other.Thing' })
    it.stream.reply('cluster', { nonce: 'n2', resources: { a: 'one' } })
    expect(it.stream.take().map(({ nonce }) => nonce)).toEqual(['n2'])
  })

  test('T11 the next message is not read before the one before was answered', async () => {
    const it = await opened(variant, 'cluster', ['a'])
    it.stream.take()
    for (const nonce of ['n1', 'n2', 'n3']) it.stream.reply('cluster', { nonce, resources: { a: `bad ${nonce}` } })
    expect(it.stream.take().map(({ nonce }) => nonce)).toEqual(['n1'])
    expect(it.stream.unread).toHaveLength(1)
  })

  test('T11 the next message is not read before all watchers have handled the one before', async () => {
    const it = await opened(variant, 'cluster', ['a'])
    it.stream.take()
    let handled = (): void => undefined
    it.client.subscribe((_changes, done) => (handled = done))
    it.stream.reply('cluster', { nonce: 'n1', resources: { a: 'one' } })
    it.stream.reply('cluster', { nonce: 'n2', resources: { a: 'two' } })
    await settle()
    expect(it.stream.take().map(({ nonce }) => nonce)).toEqual(['n1'])
    expect(it.stream.unread).toHaveLength(1)
    handled()
    await settle()
    expect(it.stream.take().map(({ nonce }) => nonce)).toEqual(['n2'])
  })

  test('a large response is read in several turns, and takes effect and is answered as a whole', async () => {
    const it = await opened(variant, 'cluster', ['a', 'b'])
    it.stream.take()
    it.stream.reply('cluster', { nonce: 'n1', resources: { a: 'one', b: '.'.repeat(10_000) } })
    it.stream.reply('cluster', { nonce: 'n2', resources: { a: 'two', b: 'three' } })
    expect([it.stream.take(), it.holds('cluster')]).toMatchObject([[], { a: 'requested: ', b: 'requested: ' }])
    it.clock.advance(1)
    expect(it.stream.take()).toEqual([])
    it.clock.advance(10)
    expect(it.stream.take().map(({ nonce, error }) => [nonce, error])).toEqual([
      ['n1', undefined],
      ['n2', undefined],
    ])
    expect(it.holds('cluster')).toEqual({ a: 'two', b: 'three' })
  })

  test('a stream that ends while its message is read takes the message with it', async () => {
    const it = await opened(variant, 'cluster', ['a', 'b'])
    it.stream.take()
    it.stream.reply('cluster', { nonce: 'n1', resources: { a: 'one', b: '.'.repeat(10_000) } })
    it.stream.end()
    it.clock.advance(2000)
    expect(it.stream.requests).toEqual([])
    expect(it.holds('cluster')).toMatchObject({ a: 'requested: ' })
    it.stream.accept()
    await settle()
    it.stream.reply('cluster', { nonce: 'n2', resources: { a: 'two' } })
    expect(it.holds('cluster')).toMatchObject({ a: 'two' })
  })

  test('what comes with the bytes it had is not decoded again', async () => {
    const bytes = new Uint8Array([10, 1, 97, 16, 1])
    let decoded = 0
    const it = await opened(variant, 'cluster', ['a'], {
      decode: function* () {
        decoded++
        yield
        return { ok: true, name: 'a', value: { decoded } }
      },
    })
    const raw = (value: Uint8Array): Any[] => [{ typeUrl: TYPE_URLS.cluster, value }]
    for (const nonce of ['n1', 'n2']) it.stream.reply('cluster', { nonce, raw: raw(bytes) })
    expect(decoded).toBe(1)
    it.stream.reply('cluster', { nonce: 'n3', raw: raw(bytes.with(4, 2)) })
    expect(decoded).toBe(2)
  })

  test('T11 a watcher that closes while it handles something keeps nobody waiting', async () => {
    const it = await opened(variant, 'cluster', ['a'])
    const other = it.client.subscribe(() => undefined)
    it.stream.reply('cluster', { nonce: 'n1', resources: { a: 'one' } })
    it.stream.reply('cluster', { nonce: 'n2', resources: { a: 'two' } })
    expect(it.stream.unread).toHaveLength(1)
    other.close()
    expect(it.holds('cluster')).toEqual({ a: 'two' })
  })

  test('watchers are told the names of what has changed, and only those', async () => {
    const it = await opened(variant, 'cluster', ['a', 'b'])
    it.stream.reply('cluster', { nonce: 'n1', resources: { a: 'one', b: 'two' } })
    const told: string[][] = []
    it.client.subscribe((changes, handled) => {
      told.push([...changes].flatMap(([kind, names]) => [...names].map((name) => `${kind} ${name}`)))
      handled()
    })
    it.stream.reply('cluster', { nonce: 'n2', resources: { a: 'one', b: 'three' } })
    it.stream.reply('cluster', { nonce: 'n3', resources: { a: 'bad', b: 'three' } })
    expect(told).toEqual([['cluster b'], ['cluster a']])
  })

  test('a server that repeats what was refused gets one NACK per 100 ms', async () => {
    const it = await opened(variant, 'cluster', ['a'])
    it.stream.take()
    for (let nonce = 0; nonce < 500; nonce++) it.stream.reply('cluster', { nonce: `${nonce}`, resources: { a: 'bad' } })
    it.clock.advance(1000)
    expect(it.stream.take()).toHaveLength(11)
  })

  test('T13 a burst of wants in one tick makes one request', async () => {
    const it = await opened(variant, 'cluster', ['a'])
    it.stream.take()
    for (const last of ['b', 'c', 'd']) it.subscription.want('cluster', new Set(['a', last]))
    await settle()
    expect(it.stream.take()).toHaveLength(1)
  })

  test('T12 all subscribers share one stream, and the server is asked for all that they want', async () => {
    const it = await opened(variant, 'cluster', ['a'])
    it.stream.take()
    const other = it.client.subscribe((_changes, handled) => handled())
    other.want('cluster', new Set(['a', 'b']))
    await settle()
    expect(it.server.streams).toHaveLength(1)
    expect(it.stream.take()[0]?.names).toContain('b')
    other.close()
    await settle()
    const [gone] = it.stream.take()
    expect(variant === 'sotw' ? gone?.names : gone?.unsubscribe).toEqual(variant === 'sotw' ? ['a'] : ['b'])
  })

  test('E1 the wait for a resource begins when its name was sent, and ends in an error that says so', async () => {
    const it = world(variant)
    await it.want('cluster', 'a')
    it.clock.advance(60_000)
    expect(it.holds('cluster')).toEqual({ a: 'requested: ' })
    it.stream.accept()
    await settle()
    it.clock.advance(14_999)
    expect(it.holds('cluster')).toEqual({ a: 'requested: ' })
    it.clock.advance(1)
    expect(it.holds('cluster')).toEqual({ a: 'doesNotExist: the server did not send it within 15 s' })
    expect(it.calls()).toBe(1)
  })

  test('E1 the wait ends with the resource, with the want, and with the stream; a new stream begins it anew', async () => {
    const it = await opened(variant, 'cluster', ['a', 'b', 'c'])
    it.stream.reply('cluster', { nonce: 'n1', resources: { a: 'one' } })
    await it.want('cluster', 'a', 'c')
    it.clock.advance(10_000)
    it.stream.end()
    it.clock.advance(14_999)
    it.stream.accept()
    await settle()
    it.clock.advance(14_999)
    expect(it.holds('cluster')).toEqual({ a: 'one', c: 'requested: ' })
    it.clock.advance(1)
    expect(it.holds('cluster')).toMatchObject({ a: 'one', c: expect.stringContaining('doesNotExist') as string })
  })

  test('E2 a resource that was given up still works when it comes', async () => {
    const it = await opened(variant, 'cluster', ['a'])
    it.clock.advance(15_000)
    it.stream.reply('cluster', { nonce: 'n1', resources: { a: 'late' } })
    expect(it.holds('cluster')).toEqual({ a: 'late' })
  })

  test('E4 a later subscriber sees at once what is there and what is not', async () => {
    const it = await opened(variant, 'cluster', ['a', 'b'])
    it.stream.reply('cluster', { nonce: 'n1', resources: { a: 'one' } })
    it.clock.advance(15_000)
    it.client.subscribe((_changes, handled) => handled()).want('cluster', new Set(['a', 'b']))
    expect(it.client.entry('cluster', 'a')?.state).toBe('acked')
    expect(it.client.entry('cluster', 'b')?.state).toBe('doesNotExist')
  })

  test('X1 a later subscriber sees the resource, and beside it what is wrong with it now', async () => {
    const it = await opened(variant, 'cluster', ['a'])
    it.stream.reply('cluster', { nonce: 'n1', resources: { a: 'one' } })
    it.stream.reply('cluster', { nonce: 'n2', resources: { a: 'bad two' } })
    const heard: unknown[] = []
    it.client
      .subscribe((_changes, handled) => {
        heard.push(it.client.entry('cluster', 'a'))
        handled()
      })
      .want('cluster', new Set(['a']))
    expect(it.client.entry('cluster', 'a')).toMatchObject({
      state: 'nacked',
      known: { value: 'one' },
      error: 'bad two',
    })
    it.stream.reply('cluster', { nonce: 'n3', resources: { a: 'three' } })
    it.clock.advance(100)
    expect(heard.at(-1)).toMatchObject({ state: 'acked', known: { value: 'three' }, error: undefined })
  })

  test('A88 X3 where the wait is trouble it is twice as long, and what did not come is no more said not to exist', async () => {
    const it = await opened(variant, 'cluster', ['a'], { timeoutIsTransient: true })
    it.clock.advance(29_999)
    expect(it.client.entry('cluster', 'a')?.state).toBe('requested')
    it.clock.advance(1)
    expect(it.holds('cluster')).toEqual({ a: 'timeout: the server did not send it within 30 s' })
    it.stream.reply('cluster', { nonce: 'n', resources: { a: 'late' } })
    expect(it.holds('cluster')).toEqual({ a: 'late' })
  })

  test('A88 X3 what the server says it does not send ends the wait, keeps what was there, and is acknowledged', async () => {
    const it = await opened(variant, 'cluster', ['a', 'b'])
    it.stream.reply('cluster', { nonce: 'n1', resources: { a: 'one' } })
    it.stream.take()
    it.stream.reply('cluster', { nonce: 'n2', errors: { a: [7, 'not yours'], b: [5, ''], c: [5, ''] } })
    expect(it.holds('cluster')).toEqual({
      a: 'receivedError: the server says PERMISSION_DENIED: not yours (one)',
      b: 'receivedError: the server says NOT_FOUND',
    })
    expect(it.stream.take()).toMatchObject([{ nonce: 'n2', error: undefined }])
    expect(it.clock.pendingTimers).toBe(0)
    it.stream.reply('cluster', { nonce: 'n3', resources: { a: 'one', b: 'two' } })
    expect(it.holds('cluster')).toEqual({ a: 'one', b: 'two' })
  })

  test('A88 fail_on_data_errors: what is not there for this client costs the last good one, trouble of the server does not', async () => {
    const it = await opened(variant, 'cluster', ['a', 'b'], { failOnDataErrors: true })
    it.stream.reply('cluster', { nonce: 'n1', resources: { a: 'one', b: 'one' } })
    it.stream.reply('cluster', { nonce: 'n2', errors: { a: [5, 'gone'], b: [14, 'later'] } })
    expect(it.holds('cluster')).toEqual({
      a: 'receivedError: the server says NOT_FOUND: gone',
      b: 'receivedError: the server says UNAVAILABLE: later (one)',
    })
  })

  test('A88 fail_on_data_errors: a refused resource costs the last good one; a lost stream does not', async () => {
    const it = await opened(variant, 'cluster', ['a', 'b'], { failOnDataErrors: true })
    it.stream.reply('cluster', { nonce: 'n1', resources: { a: 'one', b: 'one' } })
    it.stream.reply('cluster', { nonce: 'n2', resources: { a: 'bad', b: 'one' } })
    it.stream.end('reset')
    it.clock.advance(1000)
    it.stream.end('connection refused')
    expect(it.holds('cluster')).toEqual({ a: 'nacked: bad', b: 'one' })
  })

  test('E5 closing leaves no timer', async () => {
    const it = await opened(variant, 'cluster', ['a', 'b'])
    it.stream.reply('cluster', { nonce: 'n1', version: '1', resources: { a: 'one' }, ttlSeconds: 60 })
    it.client.close()
    expect(it.clock.pendingTimers).toBe(0)
    expect(it.stream.closed).toBe(true)
  })

  test('E5 closing, or a lost stream, drops a NACK that is held back', async () => {
    for (const end of ['close', 'lose'] as const) {
      const it = await opened(variant, 'cluster', ['a'])
      for (const nonce of ['n1', 'n2']) it.stream.reply('cluster', { nonce, resources: { a: `bad ${nonce}` } })
      if (end === 'lose') it.stream.end()
      it.client.close()
      expect(it.clock.pendingTimers).toBe(0)
    }
  })

  test('B1 the wait between streams grows from 1 s by 1.6, a fifth more or less, up to 120 s', async () => {
    const it = world(variant)
    await it.want('cluster', 'a')
    const waits: number[] = []
    for (let round = 0; round < 14; round++) {
      const before = it.clock.now()
      it.stream.end('connection refused')
      it.clock.advance(it.clock.nextTimerAt! - before)
      waits.push(it.clock.now() - before)
    }
    waits.forEach((ms, round) => {
      const mean = Math.min(1000 * 1.6 ** round, 120_000)
      expect(ms).toBeGreaterThanOrEqual(mean * 0.8)
      expect(ms).toBeLessThanOrEqual(mean * 1.2)
    })
  })

  test('B1 B2 defect 8: a response resets the wait, and a stream that had one is followed at once', async () => {
    const it = await opened(variant, 'cluster', ['a'])
    for (let round = 0; round < 5; round++) {
      it.stream.end('connection refused')
      it.clock.advance(it.clock.nextTimerAt! - it.clock.now())
    }
    it.stream.accept()
    it.stream.reply('cluster', { nonce: 'n', resources: { a: 'one' } })
    it.clock.advance(30_000)
    const streams = it.server.streams.length
    it.stream.end('max connection age')
    it.clock.advance(0)
    expect(it.server.streams).toHaveLength(streams + 1)
    expect(it.client.trouble).toBeUndefined()
  })

  test('B2 B3 a stream that ended before any response is trouble; what is held stays', async () => {
    const it = await opened(variant, 'cluster', ['a'])
    it.stream.reply('cluster', { nonce: 'n', resources: { a: 'one' } })
    it.stream.end('reset')
    it.clock.advance(1000)
    it.stream.end('connection refused')
    expect(it.client.trouble).toBe('connection refused')
    expect(it.holds('cluster')).toEqual({ a: 'one' })
    it.clock.advance(3_600_000)
    expect(it.holds('cluster')).toEqual({ a: 'one' })
  })

  test('B2 streams that end as soon as they answered are opened once a second', async () => {
    const it = await opened(variant, 'cluster', ['a'])
    for (let round = 0; round < 200; round++) {
      it.stream.accept()
      it.stream.reply('cluster', { nonce: 'n', resources: { a: 'one' } })
      it.stream.end()
      it.clock.advance(50)
    }
    expect(it.server.streams.length).toBeLessThan(13)
  })

  test('what is no discovery response ends the stream, and the next one waits', async () => {
    const it = await opened(variant, 'cluster', ['a'])
    const first = it.stream
    first.bytes(new Uint8Array([0xff, 0xff, 0xff, 0xff]))
    expect(first.closed).toBe(true)
    expect(it.client.trouble).toContain('no discovery response')
    it.clock.advance(2000)
    expect(it.server.streams).toHaveLength(2)
  })

  test('T5 however much is bad, a NACK stays small', async () => {
    const it = await opened(variant, 'cluster', ['a'])
    it.stream.take()
    const nack = async (...raw: Any[]): Promise<string> => {
      it.clock.advance(1000)
      it.stream.reply('cluster', { nonce: 'n', raw })
      await vi.waitUntil(() => {
        it.clock.advance(10)
        return it.stream.requests.length > 0
      })
      return it.stream.take()[0]?.error ?? ''
    }
    const many = Array.from({ length: 5000 }, (_, n) => textResource('cluster', `name-${n}`, 'bad'))
    const error = await nack(...many)
    expect(error).toMatch(/^name-0: bad; .*; and \d+ more$/)
    expect(error.length).toBeLessThan(17_000)
    expect((await nack(textResource('cluster', 'x'.repeat(1_000_000), 'bad'))).length).toBeLessThan(17_000)
  })

  test('T9 a server that sends without end what nobody asked for grows nothing', async () => {
    const it = await opened(variant, 'cluster', ['a'])
    for (let round = 0; round < 200; round++) {
      const strangers = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`stranger-${round}-${n}`, 'x']))
      it.stream.reply('cluster', { nonce: `${round}`, resources: { a: `one ${round}`, ...strangers } })
    }
    await vi.waitUntil(() => {
      it.clock.advance(10)
      return it.stream.unread.length === 0
    })
    expect([...it.client.entries('cluster').keys()]).toEqual(['a'])
  })

  test('no bytes throw out of the client', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }), async (messages) => {
        const it = await opened(variant, 'cluster', ['*'])
        for (const bytes of messages) {
          it.stream.bytes(bytes)
          it.clock.advance(10_000)
          it.stream.accept()
        }
        it.client.close()
        expect(it.clock.pendingTimers).toBe(0)
      }),
      { numRuns: 200 },
    )
  })

  test('N1 an xdstp name is the same in any order of its parameters', async () => {
    const it = await opened(variant, 'cluster', ['xdstp://auth/envoy.config.cluster.v3.Cluster/a?y=2&x=1'])
    const resources = { 'xdstp://auth/envoy.config.cluster.v3.Cluster/a?x=%31&y=2': 'one' }
    it.stream.reply('cluster', { nonce: 'n', aliases: {}, resources })
    expect([...it.client.entries('cluster').values()].map(({ state }) => state)).toEqual(['acked'])
    expect([...it.client.entries('cluster').keys()]).toEqual(['xdstp://auth/envoy.config.cluster.v3.Cluster/a?x=1&y=2'])
  })

  test('L1 a time to live that passes ends the resource; a heartbeat without body refreshes it', async () => {
    const it = await opened(variant, 'cluster', ['a'])
    it.stream.reply('cluster', { version: '1', nonce: 'n1', resources: { a: 'one' }, ttlSeconds: 10 })
    it.clock.advance(8000)
    it.stream.reply('cluster', { version: '1', nonce: 'n2', heartbeat: ['a'], ttlSeconds: 10 })
    it.clock.advance(9999)
    expect(it.holds('cluster')).toEqual({ a: 'one' })
    it.clock.advance(1)
    expect(it.holds('cluster')).toEqual({ a: 'doesNotExist: its time to live has passed' })
  })

  test('O2 a resource removed and added again as it was takes effect', async () => {
    const it = await opened(variant, 'cluster', ['a'], { failOnDataErrors: true })
    it.stream.reply('cluster', { nonce: 'n1', resources: { a: 'one' } })
    it.stream.reply('cluster', { nonce: 'n2', resources: {}, removed: ['a'] })
    expect(it.holds('cluster')).toEqual({ a: 'doesNotExist: removed by the server' })
    it.stream.reply('cluster', { nonce: 'n3', resources: { a: 'one' } })
    expect(it.holds('cluster')).toEqual({ a: 'one' })
  })

  test('A88 a removed resource that is still wanted is kept, and told', async () => {
    const it = await opened(variant, 'cluster', ['a'])
    it.stream.reply('cluster', { nonce: 'n1', resources: { a: 'one' } })
    it.stream.reply('cluster', { nonce: 'n2', resources: {}, removed: ['a'] })
    expect(it.holds('cluster')).toEqual({ a: 'doesNotExist: removed by the server (one)' })
  })

  test('O3 the same bytes again are no news, other bytes are', async () => {
    const it = await opened(variant, 'cluster', ['a'])
    it.stream.reply('cluster', { nonce: 'n1', resources: { a: 'one' } })
    const calls = it.calls()
    it.stream.reply('cluster', { nonce: 'n2', resources: { a: 'one' } })
    expect(it.calls()).toBe(calls)
    it.stream.reply('cluster', { nonce: 'n3', resources: { a: 'two' } })
    expect(it.calls()).toBe(calls + 1)
  })

  test('D2 with the wildcard everything is taken, and a name dropped beside it stays', async () => {
    const it = await opened(variant, 'cluster', ['*', 'a'])
    it.stream.reply('cluster', { nonce: 'n1', resources: { a: 'one', b: 'two' } })
    await it.want('cluster', '*')
    expect(it.holds('cluster')).toEqual({ a: 'one', b: 'two' })
    await it.want('cluster')
    expect(it.holds('cluster')).toEqual({})
  })
})

describe('state of the world', () => {
  test('T4 B4 a new stream names everything with the versions accepted last and without nonces', async () => {
    const it = await opened('sotw', 'cluster', ['a', 'b'])
    it.stream.reply('cluster', { version: '7', nonce: 'n1', resources: { a: 'one' } })
    it.stream.reply('cluster', { version: '8', nonce: 'n2', resources: { a: 'bad' } })
    await it.want('listener', 'l')
    it.stream.end()
    it.clock.advance(1000)
    it.stream.accept()
    await settle()
    expect(it.stream.take()).toMatchObject([
      { kind: 'cluster', node: true, names: ['a', 'b'], version: '7', nonce: '' },
      { kind: 'listener', node: false, names: ['l'], version: '', nonce: '' },
    ])
  })

  test('T5 a NACK says the version accepted last, and the nonce of what it refuses', async () => {
    const it = await opened('sotw', 'cluster', ['a'])
    it.stream.reply('cluster', { version: '7', nonce: 'n1', resources: { a: 'one' } })
    it.stream.take()
    it.stream.reply('cluster', { version: '8', nonce: 'n2', resources: { a: 'bad' } })
    expect(it.stream.take()).toMatchObject([{ version: '7', nonce: 'n2', error: 'a: bad' }])
  })

  test('T3 T7 a change of what is wanted names all of it, with the current version and nonce; none unsubscribes', async () => {
    const it = await opened('sotw', 'cluster', ['a'])
    it.stream.reply('cluster', { version: '7', nonce: 'n1', resources: { a: 'one' } })
    it.stream.take()
    await it.want('cluster', 'a', 'b')
    await it.want('cluster')
    expect(it.stream.take()).toMatchObject([
      { names: ['a', 'b'], version: '7', nonce: 'n1', error: undefined },
      { names: [], version: '7', nonce: 'n1' },
    ])
  })

  test('T7 the wildcard alone is an empty list; with names, or after them, it is a star', async () => {
    const it = await opened('sotw', 'cluster', ['*'])
    await it.want('cluster', '*', 'a')
    await it.want('cluster', '*')
    expect(it.stream.take().map(({ names }) => names)).toEqual([[], ['*', 'a'], ['*']])
  })

  test.each<Kind>(['listener', 'cluster'])('T8 a %s missing from a response is gone', async (kind) => {
    const it = await opened('sotw', kind, ['a', 'b'], { failOnDataErrors: true })
    it.stream.reply(kind, { nonce: 'n1', resources: { a: 'one', b: 'two' } })
    it.stream.reply(kind, { nonce: 'n2', resources: { a: 'one' } })
    expect(it.holds(kind)).toEqual({ a: 'one', b: 'doesNotExist: removed by the server' })
  })

  test.each<Kind>(['route', 'endpoints'])('T8 a %s missing from a response means nothing', async (kind) => {
    const it = await opened('sotw', kind, ['a', 'b'])
    it.stream.reply(kind, { nonce: 'n1', resources: { a: 'one', b: 'two' } })
    it.stream.reply(kind, { nonce: 'n2', resources: { a: 'one' } })
    expect(it.holds(kind)).toEqual({ a: 'one', b: 'two' })
  })

  test('B4 what is missing from the first response of a new stream is gone', async () => {
    const it = await opened('sotw', 'cluster', ['*'])
    it.stream.reply('cluster', { nonce: 'n1', resources: { a: 'one', b: 'two' } })
    it.stream.end()
    expect(it.holds('cluster')).toEqual({ a: 'one', b: 'two' })
    it.clock.advance(1000)
    it.stream.accept()
    it.stream.reply('cluster', { nonce: 'n1', resources: { b: 'two' } })
    expect(it.holds('cluster')).toEqual({ b: 'two' })
  })

  test('T10 wrapped and unwrapped resources are the same', async () => {
    const it = await opened('sotw', 'cluster', ['a', 'b'])
    it.stream.reply('cluster', {
      nonce: 'n1',
      resources: { a: 'one' },
      aliases: {},
      raw: [textResource('cluster', 'b', 'two')],
    })
    expect(it.holds('cluster')).toEqual({ b: 'two', a: 'one' })
  })
})

describe('delta', () => {
  test('D1 versions held are told in the first request of each kind on a new stream, and never else', async () => {
    const it = await opened('delta', 'cluster', ['a', 'b'])
    it.stream.reply('cluster', { version: '7', nonce: 'n1', resources: { a: 'one' } })
    await it.want('cluster', 'a', 'b', 'c')
    expect(it.stream.take().map(({ initial }) => initial)).toEqual([{}, {}, {}])
    it.stream.end()
    it.clock.advance(1000)
    it.stream.accept()
    await settle()
    expect(it.stream.take()).toMatchObject([{ node: true, names: ['a', 'b', 'c'], initial: { a: '7' }, nonce: '' }])
  })

  test('D2 D3 requests say only what changed, and only answers carry a nonce', async () => {
    const it = await opened('delta', 'cluster', ['a', 'b'])
    it.stream.reply('cluster', { version: '7', nonce: 'n1', resources: { a: 'one' } })
    await it.want('cluster', 'b', 'c')
    expect(it.stream.take()).toMatchObject([
      { names: ['a', 'b'], unsubscribe: [], nonce: '' },
      { names: [], unsubscribe: [], nonce: 'n1' },
      { names: ['c'], unsubscribe: ['a'], nonce: '' },
    ])
  })

  test('D4 removal is how a server says that something is gone; absence means nothing', async () => {
    const it = await opened('delta', 'cluster', ['*'])
    it.stream.reply('cluster', { nonce: 'n1', resources: { a: 'one', b: 'two' } })
    it.stream.reply('cluster', { nonce: 'n2', resources: { c: 'three' }, removed: ['a'] })
    expect(it.holds('cluster')).toEqual({ b: 'two', c: 'three' })
  })

  test('D4 the first removal of what was wanted ends the wait for it', async () => {
    const it = await opened('delta', 'cluster', ['a'])
    it.stream.reply('cluster', { nonce: 'n1', removed: ['a'] })
    expect(it.holds('cluster')).toEqual({ a: 'doesNotExist: removed by the server' })
    expect(it.clock.pendingTimers).toBe(0)
  })

  test('D6 a resource is found by its aliases', async () => {
    const it = await opened('delta', 'cluster', ['alias'])
    it.stream.reply('cluster', { nonce: 'n1', resources: { real: 'one' }, aliases: { real: ['alias'] } })
    expect(it.holds('cluster')).toEqual({ alias: 'one' })
  })
})
