// A session against a scripted client on virtual time: rules of both variants, then those of each.
import { describe, expect, test } from 'vitest'
import { ScriptedClient, type State } from './scripted-client.suite.ts'
import type { VariantName } from './variant.ts'

const world: State = {
  cluster: { a: '1', b: '1' },
  endpoints: { a: '1', b: '1' },
  listener: { l: '1' },
  route: { r: '1' },
}

/** A client that asks for everything as a sidecar does, and has it. */
function sidecar(variant: VariantName, state: State = world): ScriptedClient {
  const client = new ScriptedClient(variant, state)
  client.ask('cluster')
  client.follow()
  client.ask('endpoints', { names: Object.keys(state.endpoints ?? {}) })
  client.ask('listener')
  client.ask('route', { names: Object.keys(state.route ?? {}) })
  client.follow()
  return client
}

describe.each<VariantName>(['sotw', 'delta'])('%s:', (variant) => {
  test('T7 a first request without names asks for all listeners or clusters', () => {
    const client = new ScriptedClient(variant, world)
    client.ask('cluster')
    expect(client.follow()).toEqual(['cluster a=1 b=1'])
  })

  test('T7 all there are may be none, which is said too, as the client waits for it', () => {
    const client = new ScriptedClient(variant, {})
    client.ask('listener')
    expect(client.follow()).toEqual(['listener'])
  })

  test('T7 `*` asks for all explicitly, of any kind', () => {
    const client = new ScriptedClient(variant, world)
    client.ask('endpoints', { names: ['*'] })
    expect(client.follow()).toEqual(['endpoints a=1 b=1'])
  })

  test('names get what they name and nothing else, also when other things change', () => {
    const client = new ScriptedClient(variant, world)
    client.ask('cluster', { names: ['a'] })
    expect(client.follow()).toEqual(['cluster a=1'])
    client.change('2', { ...world, cluster: { a: '1', b: '2', c: '1' } })
    expect(client.follow()).toEqual([])
    client.change('3', { ...world, cluster: { a: '2', b: '2' } })
    expect(client.follow()).toEqual(['cluster a=2'])
  })

  test('no endpoints and no routes are asked for by an empty first request', () => {
    const client = new ScriptedClient(variant, world)
    client.ask('endpoints')
    expect(client.follow()).toEqual([])
  })

  test('what is found by name only is sent, kept up to date, and missed when it goes', () => {
    const client = new ScriptedClient(variant, { route: { hidden: '1', r: '1' } })
    client.ask('route', { names: ['hidden'] })
    expect(client.follow()).toEqual(['route hidden=1'])
    client.change('2', { route: { hidden: '2', r: '1' } })
    expect(client.follow()).toEqual(['route hidden=2'])
    client.change('3', { route: { r: '1' } })
    expect(client.follow()).toEqual(variant === 'sotw' ? [] : ['route -hidden'])
  })

  test('a resource that does not exist yet is sent when it appears', () => {
    const client = new ScriptedClient(variant, {})
    client.ask('endpoints', { names: ['late'] })
    expect(client.follow()).toEqual(variant === 'sotw' ? [] : ['endpoints -late'])
    client.change('2', { endpoints: { late: '1' } })
    expect(client.follow()).toEqual(['endpoints late=1'])
  })

  test('only kinds that changed are sent', () => {
    const client = sidecar(variant)
    client.change('2', { ...world, endpoints: { a: '2', b: '1' } })
    expect(client.follow()).toEqual(['endpoints a=2'])
    client.change('3', { ...world, endpoints: { a: '2', b: '1' } })
    expect(client.follow()).toEqual([])
  })

  test('T5 an ACK is noted, with what it was for', () => {
    const client = new ScriptedClient(variant, world)
    client.ask('cluster')
    expect(client.session.progress()).toMatchObject([{ kind: 'cluster', sent: '1', accepted: '', waitingMs: 0 }])
    client.clock.advance(20)
    expect(client.session.progress()).toMatchObject([{ waitingMs: 20 }])
    client.answer('cluster')
    expect(client.session.progress()).toMatchObject([{ accepted: '1', waitingMs: undefined, refused: undefined }])
  })

  test('T5 D5 a NACK is told with the names of what was in the response; nothing is sent again before it changes', () => {
    const client = new ScriptedClient(variant, world)
    client.ask('cluster')
    client.follow()
    client.change('2', { ...world, cluster: { a: '1', b: 'bad' } })
    const [response] = client.take()
    client.answer('cluster', { error: 'b: no such thing' })
    expect(client.nacks).toEqual([
      { kind: 'cluster', version: '2', names: Object.keys(response?.resources ?? {}), message: 'b: no such thing' },
    ])
    expect(client.session.progress()).toMatchObject([{ accepted: '1', refused: 'b: no such thing' }])
    expect(client.take()).toEqual([])
    client.change('3', { ...world, cluster: { a: '1', b: 'good' } })
    expect(client.follow()).toEqual([variant === 'sotw' ? 'cluster a=1 b=good' : 'cluster b=good'])
    expect(client.session.progress()).toMatchObject([{ accepted: '3', refused: undefined }])
  })

  test('a NACK may ask for more, and gets that only', () => {
    const client = new ScriptedClient(variant, world)
    client.ask('endpoints', { names: ['a'] })
    client.take()
    client.answer('endpoints', { error: 'no', names: variant === 'sotw' ? ['a', 'b'] : ['b'] })
    expect(client.follow()).toEqual(['endpoints b=1'])
  })

  test('of what changes while a response waits for its answer, the client gets the newest state only', () => {
    const client = sidecar(variant)
    client.change('2', { ...world, endpoints: { a: '2', b: '1' } })
    for (let count = 3; count < 100; count++)
      client.change(`${count}`, { ...world, endpoints: { a: `${count}`, b: '1' } })
    expect(client.follow()).toEqual(['endpoints a=2', 'endpoints a=99'])
  })

  test('a wire that is full gets nothing more; when it has drained, the newest state', () => {
    const client = sidecar(variant)
    client.flowing = false
    client.change('2', { ...world, endpoints: { a: '2', b: '1' } })
    client.answer('endpoints')
    client.take()
    client.change('3', { ...world, endpoints: { a: '3', b: '1' } })
    client.change('4', { ...world, endpoints: { a: '4', b: '1' }, route: { r: '4' } })
    expect(client.take()).toEqual([])
    client.flowing = true
    client.session.drained()
    expect(client.follow()).toEqual(['endpoints a=4', 'route r=4'])
  })

  test('O1 what is new comes first, in the order of who points to whom; what is gone comes last', () => {
    const client = sidecar(variant)
    client.change('2', {
      cluster: { b: '1', c: '1' },
      endpoints: { b: '1', c: '1' },
      listener: { l: '2' },
      route: { r: 'to c' },
    })
    const [first] = client.take()
    expect(first).toMatchObject({
      kind: 'cluster',
      resources: variant === 'sotw' ? { a: '1', b: '1', c: '1' } : { c: '1' },
    })
    // the client asks for the endpoints of the new cluster, as Envoy does, before it says that it has taken the cluster
    client.ask('endpoints', { names: variant === 'sotw' ? ['a', 'b', 'c'] : ['c'] })
    client.answer('cluster')
    expect(client.follow()).toEqual([
      'endpoints c=1',
      'listener l=2',
      'route r=to c',
      ...(variant === 'sotw' ? ['cluster b=1 c=1'] : ['cluster -a', 'endpoints -a']),
    ])
  })

  test('O1 news of routes waits until the endpoints of new clusters are there, or for a second', () => {
    const next: State = { ...world, cluster: { ...world.cluster, c: '1' }, endpoints: { ...world.endpoints, c: '1' } }
    const client = sidecar(variant)
    client.change('2', { ...next, route: { r: 'to c' } })
    expect(client.follow()).toEqual([expect.stringContaining('c=1')])
    client.ask('endpoints', { names: variant === 'sotw' ? ['a', 'b', 'c'] : ['c'] })
    expect(client.follow()).toEqual(['endpoints c=1', 'route r=to c'])

    const slow = sidecar(variant)
    slow.change('2', { ...next, route: { r: 'to c' } })
    slow.follow()
    slow.clock.advance(999)
    expect(slow.follow()).toEqual([])
    slow.clock.advance(1)
    expect(slow.follow()).toEqual(['route r=to c'])
    expect(slow.clock.pendingTimers).toBe(0)
  })

  test('a client that knows no endpoints, or names its clusters, is not waited for', () => {
    const client = new ScriptedClient(variant, world)
    client.ask('listener', { names: ['l'] })
    client.ask('route', { names: ['r'] })
    client.ask('cluster', { names: ['a'] })
    client.follow()
    client.ask('endpoints', { names: ['a'] })
    client.follow()
    client.change('2', { ...world, cluster: { c: '1' }, endpoints: { c: '1' }, route: { r: 'to c' } })
    expect(client.follow()[0]).toEqual('route r=to c')
    client.ask('cluster', variant === 'sotw' ? { names: ['c'] } : { names: ['c'], unsubscribe: ['a'] })
    client.ask('endpoints', variant === 'sotw' ? { names: ['c'] } : { names: ['c'], unsubscribe: ['a'] })
    expect(client.follow().filter((words) => words.includes('c'))).toEqual(['cluster c=1', 'endpoints c=1'])
  })

  test('the endpoints of a cluster that changed come again: whoever warms it waits for them', () => {
    const client = sidecar(variant)
    client.change('2', { ...world, cluster: { a: '2', b: '1' } })
    expect(client.follow()).toEqual([variant === 'sotw' ? 'cluster a=2 b=1' : 'cluster a=2', 'endpoints a=1'])
  })

  test('a passage that has begun ends with the state it was for, then the newest follows', () => {
    const client = sidecar(variant)
    client.change('2', { ...world, listener: { l: '2' }, route: { r: '2' } })
    client.change('3', { ...world, listener: { l: '3' }, route: { r: '3' } })
    expect(client.follow()).toEqual(['listener l=2', 'route r=2', 'listener l=3', 'route r=3'])
  })

  test('T9 a kind that is not served is left alone', () => {
    const client = new ScriptedClient(variant, world)
    client.session.take({
      node: undefined,
      typeUrl: 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret',
      kind: undefined,
      nonce: '',
      error: undefined,
      names: ['x'],
      apply: () => undefined,
    })
    expect(client.take()).toEqual([])
  })

  test('T3 nonces differ from response to response of a stream', () => {
    const client = sidecar(variant)
    const nonces = new Set<string>()
    for (let count = 2; count < 10; count++) {
      client.change(`${count}`, { ...world, endpoints: { a: `${count}`, b: '1' }, listener: { l: `${count}` } })
      for (let heard = client.take(); heard.length > 0; heard = client.take()) {
        for (const { kind, nonce } of heard) {
          expect(nonces.has(nonce)).toBe(false)
          nonces.add(nonce)
          client.answer(kind!)
        }
      }
    }
    expect(nonces.size).toBe(16)
  })
})

describe('sotw:', () => {
  test('T8 listeners and clusters are told whole, so that what is gone is missing', () => {
    const client = sidecar('sotw')
    client.change('2', { ...world, listener: {} })
    expect(client.follow()).toEqual(['listener'])
  })

  test('T8 of named listeners and clusters the whole that was named', () => {
    const client = new ScriptedClient('sotw', { listener: { l: '1', m: '1', n: '1' } })
    client.ask('listener', { names: ['l', 'm', 'none'] })
    expect(client.follow()).toEqual(['listener l=1 m=1'])
    client.change('2', { listener: { l: '2', m: '1', n: '2' } })
    expect(client.follow()).toEqual(['listener l=2 m=1'])
    client.change('3', { listener: { m: '1', n: '2' } })
    expect(client.follow()).toEqual(['listener m=1'])
  })

  test('T8 a name that does not exist is answered, as a listener missing from the response', () => {
    const client = new ScriptedClient('sotw', world)
    client.ask('listener', { names: ['nobody'] })
    expect(client.follow()).toEqual(['listener'])
  })

  test('T8 endpoints and routes are told in parts', () => {
    const client = sidecar('sotw')
    client.change('2', { ...world, endpoints: { a: '1', b: '2' } })
    expect(client.follow()).toEqual(['endpoints b=2'])
    client.change('3', { ...world, endpoints: { a: '1' } })
    expect(client.follow()).toEqual([])
  })

  test('T3 a request with an old nonce is void: the client says it again when it answers', () => {
    const client = new ScriptedClient('sotw', world)
    client.ask('endpoints', { names: ['a'] })
    client.follow()
    client.change('2', { ...world, endpoints: { a: '2', b: '1' } })
    client.ask('endpoints', { names: ['a', 'b'], nonce: '1' })
    expect(client.session.progress()).toMatchObject([{ names: 1, accepted: '1', waitingMs: 0 }])
    client.take()
    client.answer('endpoints', { names: ['a', 'b'] })
    expect(client.follow()).toEqual(['endpoints b=1'])
  })

  test('T3 T7 what void requests left and asked for again is sent again, as the client may have dropped it', () => {
    const client = new ScriptedClient('sotw', { route: { a: '1', c: '1' } })
    client.ask('route', { names: ['a', 'c'] })
    const [first] = client.take()
    client.answer('route')
    client.change('2', { route: { a: '1', c: '2' } })
    const [second] = client.take()
    client.ask('route', { names: ['c'], nonce: first!.nonce })
    client.ask('route', { names: ['a', 'c'], nonce: first!.nonce })
    expect(client.take()).toEqual([])
    client.ask('route', { names: ['a', 'c'], nonce: second!.nonce })
    expect(client.follow()).toEqual(['route a=1'])
  })

  test('T3 the nonce of an earlier stream is no reason not to answer the first request', () => {
    const client = new ScriptedClient('sotw', world)
    client.ask('cluster', { nonce: 'old' })
    expect(client.follow()).toEqual(['cluster a=1 b=1'])
    expect(client.session.progress()).toMatchObject([{ accepted: '1' }])
  })

  test('T7 more names get what is new, fewer get nothing', () => {
    const client = new ScriptedClient('sotw', world)
    client.ask('endpoints', { names: ['a'] })
    client.follow()
    client.answer('endpoints', { names: ['a', 'b'] })
    expect(client.follow()).toEqual(['endpoints b=1'])
    client.answer('endpoints', { names: ['b'] })
    expect(client.follow()).toEqual([])
    client.change('2', { ...world, endpoints: { a: '2', b: '1' } })
    expect(client.follow()).toEqual([])
  })

  test('T7 a name that was left and is asked for again is sent again', () => {
    const client = new ScriptedClient('sotw', world)
    client.ask('endpoints', { names: ['a', 'b'] })
    client.follow()
    client.answer('endpoints', { names: ['a'] })
    client.answer('endpoints', { names: ['a', 'b'] })
    expect(client.follow()).toEqual(['endpoints b=1'])
  })

  test('T7 an empty list after names asks for nothing any more', () => {
    const client = new ScriptedClient('sotw', world)
    client.ask('cluster', { names: ['a'] })
    client.follow()
    client.answer('cluster', { names: [] })
    client.change('2', { ...world, cluster: { a: '2' } })
    expect(client.follow()).toEqual([])
    expect(client.session.progress()).toMatchObject([{ wildcard: false, names: 0 }])
  })

  test('T4 a new stream is told everything, whatever version the client has', () => {
    const client = new ScriptedClient('sotw', world)
    client.ask('cluster', { version: '1' })
    expect(client.follow()).toEqual(['cluster a=1 b=1'])
  })

  test('the version of what still holds what will go says so', () => {
    const client = sidecar('sotw')
    client.change('2', { ...world, cluster: { b: '2' } })
    expect(client.take()).toMatchObject([{ version: '2+1', resources: { a: '1', b: '2' } }, { kind: 'endpoints' }])
  })
})

describe('delta:', () => {
  test('D4 what does not exist is told at once, and again to whoever asks again', () => {
    const client = new ScriptedClient('delta', world)
    client.ask('cluster', { names: ['a', 'nobody'] })
    expect(client.follow()).toEqual(['cluster a=1 -nobody'])
    client.ask('cluster', { names: ['nobody'] })
    expect(client.follow()).toEqual(['cluster -nobody'])
  })

  test('D4 a name that is asked for again is sent again', () => {
    const client = new ScriptedClient('delta', world)
    client.ask('cluster', { names: ['a'] })
    client.follow()
    client.ask('cluster', { names: ['a'] })
    expect(client.follow()).toEqual(['cluster a=1'])
  })

  test('D4 what is gone is named, to those who had asked for it', () => {
    const client = sidecar('delta')
    const other = new ScriptedClient('delta', world)
    other.ask('cluster', { names: ['b'] })
    other.follow()
    for (const each of [client, other]) each.change('2', { ...world, cluster: { b: '1' } })
    expect(client.follow()).toEqual(['cluster -a'])
    expect(other.follow()).toEqual([])
  })

  test('D1 a client that comes back is told only what is different from what it has', () => {
    const client = new ScriptedClient('delta', { cluster: { a: '1', b: '2', c: '1' } })
    client.ask('cluster', { initial: { a: 'v-1', b: 'v-1', gone: 'v-1' } })
    expect(client.follow()).toEqual(['cluster b=2 c=1 -gone'])
    client.change('2', { cluster: { a: '2', b: '2', c: '1' } })
    expect(client.follow()).toEqual(['cluster a=2'])
  })

  test('D1 the same for names, of which those that are no longer wanted are not told', () => {
    const client = new ScriptedClient('delta', world)
    client.ask('endpoints', { names: ['a', 'b'], initial: { a: 'v-1', b: 'v-0', other: 'v-1' } })
    expect(client.follow()).toEqual(['endpoints b=1'])
  })

  test('D1 a client that has everything hears nothing of names, and an empty answer of all', () => {
    const client = new ScriptedClient('delta', world)
    client.ask('endpoints', { names: ['a'], initial: { a: 'v-1' } })
    client.ask('cluster', { initial: { a: 'v-1', b: 'v-1' } })
    expect(client.follow()).toEqual(['cluster'])
  })

  test('D2 what is unsubscribed is not sent any more; what never was is harmless', () => {
    const client = new ScriptedClient('delta', world)
    client.ask('endpoints', { names: ['a', 'b'] })
    client.follow()
    client.ask('endpoints', { unsubscribe: ['a', 'never'] })
    client.change('2', { ...world, endpoints: { a: '2', b: '1' } })
    expect(client.follow()).toEqual([])
  })

  test('D2 a name that the wildcard covers too stays when it is unsubscribed, and is sent again', () => {
    const client = new ScriptedClient('delta', world)
    client.ask('cluster', { names: ['*', 'a'] })
    expect(client.follow()).toEqual(['cluster a=1 b=1'])
    client.ask('cluster', { unsubscribe: ['a'] })
    expect(client.follow()).toEqual(['cluster a=1'])
    client.change('2', { ...world, cluster: { a: '2', b: '1' } })
    expect(client.follow()).toContain('cluster a=2')
  })

  test('D2 without the wildcard only the names are left', () => {
    const client = new ScriptedClient('delta', world)
    client.ask('cluster', { names: ['*', 'a'] })
    client.follow()
    client.ask('cluster', { unsubscribe: ['*'] })
    client.change('2', { ...world, cluster: { a: '2', b: '2', c: '1' } })
    expect(client.follow()).toEqual(['cluster a=2'])
  })

  test('D3 a request without a nonce is no ACK, and its subscription counts', () => {
    const client = new ScriptedClient('delta', world)
    client.ask('endpoints', { names: ['a'] })
    client.ask('endpoints', { names: ['b'] })
    expect(client.session.progress()).toMatchObject([{ accepted: '', waitingMs: 0, names: 2 }])
    expect(client.follow()).toEqual(['endpoints a=1', 'endpoints b=1'])
  })

  test('D3 an answer to another response than the last is no answer, but its subscription counts', () => {
    const client = new ScriptedClient('delta', world)
    client.ask('endpoints', { names: ['a'] })
    client.ask('endpoints', { names: ['b'], nonce: 'old', error: 'whatever' })
    expect(client.nacks).toEqual([])
    expect(client.session.progress()).toMatchObject([{ waitingMs: 0, names: 2 }])
  })
})
