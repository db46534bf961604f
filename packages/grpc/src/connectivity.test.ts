// The connectivity state of a channel: what its connections say together, and when it tries again.
import { connectivityState } from '@grpc/grpc-js'
import { SeededRandom, VirtualClock } from '@proxyless/core/spi'
import { expect, test } from 'vitest'
import { Connectivity } from './connectivity.ts'
import { Line } from './line.ts'

const { IDLE, CONNECTING, READY, TRANSIENT_FAILURE, SHUTDOWN } = connectivityState

function world() {
  const clock = new VirtualClock()
  const mesh = { clock, random: new SeededRandom(1), closed: false }
  let asked = 0
  const it = new Connectivity(mesh, () => asked++)
  const events = { ready: () => undefined, failed: () => undefined, gone: () => undefined }
  const become = (line: Line, state: Line['state']): void => {
    line.state = state
    it.changed(line)
  }
  const line = (): Line => {
    const made = new Line({ key: '', authority: 'a' }, 0, events)
    made.watch(it)
    return made
  }
  return { it, clock, mesh, line, become, asked: () => asked }
}

test('a failure beside a connection that was ready is forgotten with it: then there is none, and nothing is wrong', () => {
  const { it, line, become } = world()
  const [a, b] = [line(), line()]
  expect(it.state).toBe(CONNECTING)
  become(a, 'ready')
  become(b, 'failed')
  become(b, 'closed')
  expect(it.state).toBe(READY)
  become(a, 'closed')
  expect(it.state).toBe(IDLE)
  const c = line()
  become(c, 'failed')
  become(c, 'closed')
  expect(it.state).toBe(TRANSIENT_FAILURE)
})

test('after a failure it connects again while somebody wants it, after 1 s, then 1.6 times as long, a fifth more or less', () => {
  const { it, clock, asked } = world()
  it.wanted()
  expect([it.state, asked()]).toEqual([CONNECTING, 1])
  it.notConnected()
  expect([it.state, clock.pendingTimers]).toEqual([TRANSIENT_FAILURE, 0])
  it.wanted()
  it.watch(TRANSIENT_FAILURE, Infinity, () => undefined)
  expect(clock.pendingTimers).toBe(1)
  clock.advance(799)
  expect(asked()).toBe(1)
  clock.advance(401)
  expect([it.state, asked(), clock.pendingTimers]).toEqual([CONNECTING, 2, 0])
  it.notConnected()
  it.wanted()
  clock.advance(1_279)
  expect(asked()).toBe(2)
  clock.advance(641)
  expect(asked()).toBe(3)
})

test('a connection that was ready ends the back-off, and the end of the channel or the mesh leaves no timer', () => {
  const { it, clock, line, become, asked } = world()
  for (let i = 0; i < 5; i++) {
    it.notConnected()
    it.wanted()
    clock.advance(120_000)
  }
  const one = line()
  become(one, 'ready')
  become(one, 'closed')
  it.notConnected()
  it.wanted()
  clock.advance(1_200)
  expect(asked()).toBe(6)
  it.notConnected()
  it.wanted()
  expect(clock.pendingTimers).toBe(1)
  it.close()
  expect([it.state, clock.pendingTimers]).toEqual([SHUTDOWN, 0])
  const other = world()
  other.mesh.closed = true
  other.it.notConnected()
  other.it.wanted()
  expect(other.clock.pendingTimers).toBe(0)
})
