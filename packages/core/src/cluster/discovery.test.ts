// Endpoints from DNS: asked for when a call needs them.
import { expect, test } from 'vitest'
import { VirtualClock } from '../base/clock.ts'
import type { Endpoint } from '../model/cluster.ts'
import { endpoint } from '../model/config.suite.ts'
import { DnsDiscovery, type Resolver } from './discovery.ts'

interface Question {
  readonly name: string
  answer(addresses: readonly string[], ttlMs?: number): Promise<void>
  fail(): Promise<void>
}

/** A resolver that answers when the test says so. */
class ScriptedResolver implements Resolver {
  readonly questions: Question[] = []

  resolve(name: string): Promise<{ addresses: readonly string[]; ttlMs: number }> {
    return new Promise((resolve, reject) => {
      this.questions.push({
        name,
        answer: (addresses, ttlMs = 60_000) => settled(() => resolve({ addresses, ttlMs })),
        fail: () => settled(() => reject(new Error('no such name'))),
      })
    })
  }
}

async function settled(deed: () => void): Promise<void> {
  deed()
  for (let turn = 0; turn < 5; turn++) await Promise.resolve()
}

function world() {
  const clock = new VirtualClock()
  const resolver = new ScriptedResolver()
  const published: string[][] = []
  const show = (each: Endpoint): string => `${each.address}:${each.port} ${each.name ?? ''}`
  const discovery = new DnsDiscovery(clock, resolver, (endpoints) => published.push(endpoints.map(show)))
  const asked = (): string[] => resolver.questions.map(({ name }) => name)
  return { clock, discovery, published, asked, questions: resolver.questions }
}

test('nothing is asked until a call needs it', async () => {
  const { discovery, asked, published, questions } = world()
  discovery.update([endpoint('a.test:80'), endpoint('b.test:81')])
  expect([asked(), discovery.settled]).toEqual([[], false])
  let ready = 0
  discovery.whenSettled(() => ready++)
  discovery.whenSettled(() => ready++)
  expect(asked()).toEqual(['a.test', 'b.test'])
  await questions[0]!.answer(['10.0.0.1', '10.0.0.2'])
  expect(ready).toBe(0)
  await questions[1]!.answer(['10.0.1.1'])
  expect([ready, discovery.settled]).toEqual([2, true])
  expect(published.at(-1)).toEqual(['10.0.0.1:80 a.test', '10.0.0.2:80 a.test', '10.0.1.1:81 b.test'])
})

test('an answer is renewed when it is too old, and serves until then', async () => {
  const { clock, discovery, asked, published, questions } = world()
  discovery.update([endpoint('a.test')])
  discovery.refresh()
  await questions[0]!.answer(['10.0.0.1'], 5_000)
  clock.advance(4_999)
  discovery.refresh()
  expect(asked()).toHaveLength(1)
  clock.advance(1)
  discovery.refresh()
  discovery.refresh()
  expect(asked()).toHaveLength(2)
  expect(published.at(-1)).toEqual(['10.0.0.1:80 a.test'])
  const before = published.length
  await questions[1]!.answer(['10.0.0.1'], 5_000)
  expect(published).toHaveLength(before)
  clock.advance(5_000)
  discovery.refresh()
  await questions[2]!.answer(['10.0.0.2'])
  expect(published.at(-1)).toEqual(['10.0.0.2:80 a.test'])
})

test('a failure settles, keeps what was known, and is tried again a second later', async () => {
  const { clock, discovery, asked, published, questions } = world()
  discovery.update([endpoint('a.test')])
  let ready = 0
  discovery.whenSettled(() => ready++)
  await questions[0]!.fail()
  expect([ready, discovery.settled, published.at(-1)]).toEqual([1, true, []])
  discovery.refresh()
  expect(asked()).toHaveLength(1)
  clock.advance(1_000)
  discovery.refresh()
  await questions[1]!.answer(['10.0.0.1'], 10)
  clock.advance(10)
  discovery.refresh()
  await questions[2]!.fail()
  expect(published.at(-1)).toEqual(['10.0.0.1:80 a.test'])
})

test('known answers survive an update; a name that is gone is forgotten, also its late answer', async () => {
  const { discovery, asked, published, questions } = world()
  discovery.update([endpoint('a.test'), endpoint('b.test')])
  discovery.refresh()
  await questions[0]!.answer(['10.0.0.1'])
  discovery.update([endpoint('a.test', { weight: 5 })])
  expect([discovery.settled, published.at(-1)]).toEqual([true, ['10.0.0.1:80 a.test']])
  await questions[1]!.answer(['10.9.9.9'])
  expect(published.at(-1)).toEqual(['10.0.0.1:80 a.test'])
  discovery.refresh()
  expect(asked()).toHaveLength(2)
})

test('who waits while the names change is told when the new ones are known', async () => {
  const { discovery, asked, questions } = world()
  discovery.update([endpoint('a.test')])
  let ready = 0
  discovery.whenSettled(() => ready++)
  discovery.update([endpoint('b.test')])
  expect(asked()).toEqual(['a.test', 'b.test'])
  await questions[0]!.answer(['10.0.0.1'])
  expect(ready).toBe(0)
  await questions[1]!.answer(['10.0.0.2'])
  expect(ready).toBe(1)
})

test('stopping tells who waits and drops late answers', async () => {
  const { discovery, published, questions } = world()
  discovery.update([endpoint('a.test')])
  let ready = 0
  discovery.whenSettled(() => ready++)
  const before = published.length
  discovery.stop()
  expect(ready).toBe(1)
  await questions[0]!.answer(['10.0.0.1'])
  expect(published).toHaveLength(before)
})
