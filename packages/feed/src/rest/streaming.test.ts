// FEED.md: the events of `/v1/stream`, and the client's rules for it.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Rig, type Seen, type SentEvent, serves, servesYaml, service } from './scripted-server.suite.ts'

let rig: Rig
beforeEach(async () => {
  rig = await Rig.make()
  rig.server.config = serves('1', [service('a'), service('b')])
  rig.server.stream = undefined
})
afterEach(() => rig.close())

const polls = (): number => rig.server.askedOf('/v1/config').length
const connects = (): number => rig.server.askedOf('/v1/stream').length

/** Started, with the first configuration and an open stream that nothing was sent on. */
async function streaming(): Promise<Seen> {
  const seen = rig.start()
  await rig.until(() => seen.sets.length === 1 && rig.server.streams.length === 1)
  await rig.settle()
  return seen
}

describe('events', () => {
  test('nothing is applied before commit, then all of it at once', async () => {
    const seen = await streaming()
    rig.server.send(['intent', { mode: 'changes' }], ['put', { document: service('b', 'B') }])
    rig.server.send(
      ['put', { document: service('c') }],
      ['delete', { kind: 'ServiceEntry', namespace: 'shop', name: 'a' }],
    )
    await rig.settle()
    expect(seen.sets).toHaveLength(1)
    rig.server.send(['commit', { version: '2' }, '2'])
    await rig.until(() => seen.sets.length === 2)
    expect(seen.last()).toEqual(['B', 'c'])
  })

  test('full replaces everything, none leaves it, and changes may follow a commit without an intent', async () => {
    const seen = await streaming()
    rig.server.send(['intent', { mode: 'none' }])
    await rig.settle()
    expect(seen.sets).toHaveLength(1)
    rig.server.send(
      ['intent', { mode: 'full' }],
      ['put', { document: service('z') }],
      ['commit', { version: '2' }, '2'],
    )
    await rig.until(() => seen.sets.length === 2)
    expect(seen.last()).toEqual(['z'])
    rig.server.send(['put', { document: service('y') }], ['commit', { version: '3' }, '3'])
    await rig.until(() => seen.sets.length === 3)
    expect(seen.last()).toEqual(['z', 'y'])
  })

  test('while documents come by the stream nothing is polled', async () => {
    await streaming()
    rig.server.send(['intent', { mode: 'none' }])
    await rig.settle()
    for (let beat = 0; beat < 20; beat++) {
      await rig.pass(15_000)
      rig.server.send(['heartbeat'])
      await rig.settle()
    }
    expect(polls()).toBe(1)
    expect(connects()).toBe(1)
  })

  test('changed: /v1/config is fetched, unless the etag is the one that is here', async () => {
    const seen = await streaming()
    rig.server.send(['heartbeat']) // no intent: what was missed while connecting is fetched
    await rig.until(() => polls() === 2)
    await rig.settle()
    rig.server.send(['changed', { etag: '"1"' }])
    await rig.settle()
    expect(polls()).toBe(2)
    rig.server.config = serves('2', [service('n')])
    rig.server.send(['changed', { etag: '"2"' }])
    await rig.until(() => seen.sets.length === 2)
    expect(seen.last()).toEqual(['n'])
    expect(polls()).toBe(3)
  })

  test('changed several times while a request is on its way: one more request, not one each', async () => {
    const seen = await streaming()
    rig.server.send(['heartbeat'])
    await rig.until(() => polls() === 2)
    await rig.settle()
    rig.server.config = () => undefined
    rig.server.send(['changed', { etag: '"2"' }])
    await rig.until(() => polls() === 3)
    rig.server.send(['changed', { etag: '"3"' }], ['changed', { etag: '"4"' }])
    await rig.settle()
    rig.server.config = serves('4', [service('d')])
    await rig.pass(40_000)
    await rig.pass(500)
    await rig.until(() => seen.last()[0] === 'd')
    expect(polls()).toBe(4)
  })

  test('goodbye: the next connection begins after that time', async () => {
    await streaming()
    rig.server.send(['intent', { mode: 'none' }], ['goodbye', { retryMs: 7000 }])
    await rig.settle()
    await rig.pass(6999)
    expect(connects()).toBe(1)
    await rig.pass(1)
    await rig.until(() => connects() === 2)
  })

  test('goodbye for long: after two minutes it polls, until a stream is back', async () => {
    const seen = await streaming()
    rig.server.send(['intent', { mode: 'none' }], ['goodbye', { retryMs: 3_600_000 }])
    await rig.settle()
    rig.server.config = serves('2', [service('polled')])
    await rig.pass(119_999)
    expect(polls()).toBe(1)
    await rig.pass(1)
    await rig.until(() => seen.last()[0] === 'polled')
    expect(seen.source.freshness?.().state).toBe('live')
    while (rig.clock.now() < 3_600_000) await rig.pass(10_000)
    await rig.until(() => connects() === 2)
    await rig.settle()
    rig.server.send(['intent', { mode: 'none' }])
    await rig.settle()
    const polled = polls()
    await rig.pass(40_000)
    expect(polls()).toBe(polled)
  })

  test('error is shown and changes nothing', async () => {
    const seen = await streaming()
    rig.server.send(['intent', { mode: 'none' }], ['error', { message: 'the store is away' }])
    await rig.until(() => seen.problems.length === 1)
    expect(seen.problems[0]).toMatchObject({
      code: 'FEED_MESSAGE',
      severity: 'warning',
      outcome: 'applied',
      message: 'the feed says: the store is away',
    })
    expect(connects()).toBe(1)
    expect(seen.sets).toHaveLength(1)
  })

  test('unknown events are ignored, and events may be named in their data only', async () => {
    const seen = await streaming()
    rig.server.send(['surprise', { document: 7 }])
    const said = [
      { type: 'intent', mode: 'full' },
      { type: 'surprise' },
      { type: 'put', document: service('m') },
      { type: 'commit', version: '2' },
    ]
    for (const data of said) rig.server.streams[0]?.write(`data: ${JSON.stringify(data)}\n\n`)
    await rig.until(() => seen.sets.length === 2)
    expect(seen.last()).toEqual(['m'])
    expect(seen.problems).toEqual([])
  })

  test('a put without a name is left out and told; the rest of its commit is applied', async () => {
    const seen = await streaming()
    rig.server.send(
      ['intent', { mode: 'full' }],
      ['put', { document: { kind: 'Gateway' } }],
      ['put', { document: service('ok') }],
    )
    rig.server.send(['commit', { version: '2' }, '2'])
    await rig.until(() => seen.problems.length === 1)
    expect(seen.last()).toEqual(['ok'])
    expect(seen.problems[0]).toMatchObject({ code: 'FEED_REFUSED' })
    expect(seen.problems[0]?.message).toContain('Gateway without kind or metadata.name')
  })

  test('an empty commit after a configuration is refused, unless it says allowEmpty', async () => {
    const seen = await streaming()
    rig.server.send(['intent', { mode: 'full' }], ['commit', { version: '2' }, '2'])
    await rig.until(() => seen.problems.length === 1)
    expect(seen.problems[0]).toMatchObject({ code: 'FEED_EMPTY', outcome: 'kept' })
    expect(seen.sets).toHaveLength(1)
    rig.server.send(['intent', { mode: 'full' }], ['commit', { version: '3', allowEmpty: true }, '3'])
    await rig.until(() => seen.sets.length === 2)
    expect(seen.last()).toEqual([])
  })
})

describe('the supervisor', () => {
  test('a stream that breaks comes back after a back-off, with Last-Event-ID, and goes on with changes', async () => {
    const seen = await streaming()
    rig.server.send(
      ['intent', { mode: 'full' }],
      ['put', { document: service('a', 'A') }],
      ['commit', { version: 'v2' }, 'v2'],
    )
    await rig.until(() => seen.sets.length === 2)
    rig.server.send(['intent', { mode: 'full' }], ['put', { document: service('lost') }])
    await rig.settle()
    rig.server.streams[0]?.destroy()
    await rig.settle()
    expect(connects()).toBe(1)
    await rig.pass(500) // half of the first second
    await rig.until(() => rig.server.streams.length === 2)
    expect(rig.server.askedOf('/v1/stream').map(({ headers }) => headers['last-event-id'])).toEqual(['1', 'v2'])
    await rig.settle()
    rig.server.send(
      ['intent', { mode: 'changes' }],
      ['put', { document: service('b') }],
      ['commit', { version: 'v3' }, 'v3'],
    )
    await rig.until(() => seen.sets.length === 3)
    expect(seen.last()).toEqual(['A', 'b'])
  })

  test('a basis that is no header value travels as ?basis=', async () => {
    rig.server.config = serves('ünï 1', [service('a')])
    rig.start()
    await rig.until(() => connects() === 1)
    const [asked] = rig.server.askedOf('/v1/stream')
    expect(asked?.headers['last-event-id']).toBeUndefined()
    expect(asked?.query.get('basis')).toBe('ünï 1')
  })

  test('a server that does not know the basis answers in full', async () => {
    const seen = await streaming()
    rig.server.streams[0]?.end()
    await rig.settle()
    await rig.pass(500)
    await rig.until(() => rig.server.streams.length === 2)
    rig.server.send(
      ['intent', { mode: 'full' }],
      ['put', { document: service('new') }],
      ['commit', { version: '9' }, '9'],
    )
    await rig.until(() => seen.sets.length === 2)
    expect(seen.last()).toEqual(['new'])
  })

  test('changes to what is not here are refused, and everything is asked for', async () => {
    rig.server.config = servesYaml('"1"', 'kind: ServiceEntry')
    const seen = await streaming()
    expect(rig.server.askedOf('/v1/stream')[0]?.headers['last-event-id']).toBeUndefined()
    rig.server.send(['intent', { mode: 'changes' }])
    await rig.until(() => seen.problems.length === 1)
    expect(seen.problems[0]).toMatchObject({ code: 'FEED_REFUSED', outcome: 'kept' })
    await rig.pass(1000)
    await rig.until(() => connects() === 2)
    await rig.settle()
    rig.server.send(
      ['intent', { mode: 'full' }],
      ['put', { document: service('a') }],
      ['commit', { version: '2' }, '2'],
    )
    await rig.until(() => seen.sets.length === 2)
    expect(seen.last()).toEqual(['a'])
  })

  test('a status that is not 200 is not the end: it backs off, and Retry-After wins', async () => {
    const statuses = [{ status: 503 }, { status: 500 }, { status: 503, headers: { 'retry-after': '20' } }]
    rig.server.stream = () => statuses[Math.min(connects(), statuses.length) - 1]
    rig.start()
    for (const [round, wait] of [500, 1000, 20_000].entries()) {
      await rig.until(() => connects() === round + 1)
      await rig.settle()
      await rig.pass(wait - 1)
      expect(connects()).toBe(round + 1)
      if (round === 2) rig.server.stream = undefined
      await rig.pass(1)
    }
    await rig.until(() => rig.server.streams.length === 1)
  })

  test('a stream that only opens does not end the back-off', async () => {
    await streaming()
    for (const [round, wait] of [500, 1000, 2000, 4000].entries()) {
      rig.server.streams[round]?.destroy()
      await rig.settle()
      await rig.pass(wait - 1)
      expect(connects()).toBe(round + 1)
      await rig.pass(1)
      await rig.until(() => rig.server.streams.length === round + 2)
      await rig.settle()
    }
  })

  const tooDeep = { document: service('deep', JSON.parse('['.repeat(64) + ']'.repeat(64))) }

  test.each<[string, readonly SentEvent[]]>([
    [
      'a document that is refused',
      [
        ['intent', { mode: 'full' }],
        ['put', tooDeep],
      ],
    ],
    ['the same after a greeting', [['heartbeat'], ['intent', { mode: 'full' }], ['put', tooDeep]]],
    [
      'the same after a sign of life',
      [['intent', { mode: 'full' }], ['put', { document: service('a') }], ['heartbeat'], ['put', tooDeep]],
    ],
    [
      'events for people only',
      [
        ['error', { message: 'the store is away' }],
        ['intent', { mode: 'who knows' }],
      ],
    ],
  ])('a stream that never comes to a commit backs off and is polled beside: %s', async (_what, sent) => {
    const seen = await streaming()
    for (const [round, wait] of [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000].entries()) {
      rig.server.send(...sent)
      await rig.until(() => rig.server.streams[round]?.closed)
      await rig.settle()
      await rig.pass(wait - 1)
      expect(connects()).toBe(round + 1)
      await rig.pass(1)
      await rig.until(() => rig.server.streams.length === round + 2)
      await rig.settle()
    }
    rig.server.config = serves('2', [service('polled')])
    await rig.pass(120_000 - rig.clock.now())
    await rig.until(() => seen.last()[0] === 'polled')
  })

  test.each<[string, readonly SentEvent[]]>([
    [
      'a commit',
      [
        ['put', { document: service('a') }],
        ['commit', { version: '2' }, '2'],
      ],
    ],
    ['nothing new', [['intent', { mode: 'none' }]]],
    ['a notification', [['changed', { etag: '"1"' }]]],
    ['a second heartbeat', [['heartbeat'], ['heartbeat']]],
  ])('what a stream brings to its end ends the back-off: %s', async (_what, sent) => {
    await streaming()
    for (let round = 0; round < 4; round++) {
      rig.server.send(...sent)
      await rig.settle()
      rig.server.streams[round]?.destroy()
      await rig.settle()
      await rig.pass(500)
      await rig.until(() => rig.server.streams.length === round + 2)
      await rig.settle()
    }
  })

  test('three heartbeats without a byte end the connection; a comment is a sign of life', async () => {
    await streaming()
    rig.server.send(['intent', { mode: 'none' }])
    await rig.settle()
    await rig.pass(44_000)
    rig.server.streams[0]?.write(':\n\n')
    await rig.settle()
    await rig.pass(44_999)
    expect(connects()).toBe(1)
    await rig.pass(1)
    await rig.pass(500)
    await rig.until(() => connects() === 2)
  })

  test('after two minutes without a stream it polls, keeps trying the stream, and polls no more when that is back', async () => {
    const seen = await streaming()
    rig.server.send(['intent', { mode: 'none' }])
    await rig.settle()
    rig.server.stream = () => ({ status: 503 })
    rig.server.streams[0]?.destroy()
    await rig.settle()
    expect(seen.source.freshness?.().state).toBe('stale')
    for (let waited = 0; waited < 119_000; waited += 1000) await rig.pass(1000)
    expect(polls()).toBe(1)
    await rig.pass(1000)
    await rig.until(() => polls() === 2)
    await rig.settle()
    expect(seen.source.freshness?.().state).toBe('live')
    rig.server.config = serves('2', [service('polled')])
    const tried = connects()
    for (let waited = 0; waited < 60_000; waited += 1000) await rig.pass(1000)
    expect(connects()).toBeGreaterThan(tried)
    expect(seen.last()).toEqual(['polled'])
    rig.server.stream = undefined
    for (let waited = 0; waited < 60_000 && rig.server.streams.length < 2; waited += 1000) await rig.pass(1000)
    await rig.until(() => rig.server.streams.length === 2)
    await rig.settle()
    expect(rig.server.askedOf('/v1/stream').at(-1)?.headers['last-event-id']).toBe('2')
    rig.server.send(['intent', { mode: 'none' }])
    await rig.settle()
    const polled = polls()
    for (let beat = 0; beat < 10; beat++) {
      await rig.pass(15_000)
      rig.server.send(['heartbeat'])
      await rig.settle()
    }
    expect(polls()).toBe(polled)
  })

  test.each([
    ['is away', (): void => void rig.server.streams.at(-1)?.destroy(), []],
    ['is refused', (): void => rig.server.send(['intent', { mode: 'what' }]), ['FEED_REFUSED']],
  ])('polls beside a stream that %s hand over what is new only, and are live', async (_what, fails, codes) => {
    const seen = await streaming()
    rig.server.send(['intent', { mode: 'none' }])
    await rig.settle()
    let round = 0
    const failing = async (ms: number): Promise<void> => {
      for (const end = rig.clock.now() + ms; rig.clock.now() < end;) {
        if (rig.server.streams.length > round) {
          round = rig.server.streams.length
          fails()
        }
        await rig.pass(1000)
      }
    }
    await failing(119_000)
    expect(seen.source.freshness?.().state).toBe('stale')
    await failing(10_000)
    await rig.until(() => polls() === 2)
    const before = seen.sets.length
    for (let turn = 0; turn < 20; turn++) {
      await failing(10_000)
      expect(seen.source.freshness?.().state).toBe('live')
    }
    expect(polls()).toBeGreaterThan(10)
    expect(round).toBeGreaterThan(8)
    expect(seen.sets).toHaveLength(before)
    expect(seen.problems.map(({ code }) => code)).toEqual(codes)
    expect(rig.server.askedOf('/v1/status')).toHaveLength(before)
    rig.server.config = serves('2', [service('polled')])
    await failing(30_000)
    expect(seen.last()).toEqual(['polled'])
    expect(seen.problems.map(({ code }) => code)).toEqual([...codes, ...codes])
  })

  test.each([
    ['404', { status: 404 }],
    ['501', { status: 501 }],
    ['204', { status: 204 }],
    ['a page', { headers: { 'content-type': 'text/html' }, body: '<p>' }],
  ])('a server without a stream (%s) is polled from the start, without a complaint', async (_what, said) => {
    rig.server.stream = () => said
    const seen = rig.start()
    await rig.until(() => connects() === 1)
    await rig.settle()
    await rig.pass(15_000)
    await rig.until(() => polls() >= 2)
    expect(connects()).toBe(1)
    await rig.pass(15_000)
    await rig.until(() => connects() === 2)
    expect(seen.problems).toEqual([])
    expect(seen.source.freshness?.().state).toBe('live')
  })

  test('a stream that does not let us in is told, tried once a minute, and polled meanwhile', async () => {
    rig.server.stream = () => ({ status: 403 })
    const seen = rig.start()
    await rig.until(() => seen.problems.length === 1)
    expect(seen.problems[0]).toMatchObject({ code: 'FEED_UNAUTHORISED', outcome: 'kept' })
    for (let waited = 0; waited < 59_000; waited += 1000) await rig.pass(1000)
    expect(connects()).toBe(1)
    expect(polls()).toBeGreaterThan(2)
    await rig.pass(1000)
    await rig.until(() => connects() === 2)
  })

  test('a stream can bring the first configuration where /v1/config does not answer', async () => {
    rig.server.config = () => ({ status: 500 })
    const seen = rig.start()
    await rig.until(() => rig.server.streams.length === 1)
    await rig.settle()
    rig.server.send(
      ['intent', { mode: 'full' }],
      ['put', { document: service('s') }],
      ['commit', { version: '1' }, '1'],
    )
    await rig.until(() => seen.sets.length === 1)
    expect(seen.last()).toEqual(['s'])
    expect(seen.source.freshness?.().state).toBe('live')
  })

  test('closing ends the stream and every timer', async () => {
    const seen = await streaming()
    let closed = false
    rig.server.streams[0]?.once('close', () => (closed = true))
    await seen.source.close()
    await rig.until(() => closed)
    await rig.settle()
    expect(rig.clock.pendingTimers).toBe(0)
  })
})
