// The endpoints that a cluster lists: updates match by address, and cost what differs.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Endpoint as Model } from '../model/cluster.ts'
import { endpoint } from '../model/config.suite.ts'
import { Draining } from './draining.ts'
import { Members } from './members.ts'

const list = (...addresses: readonly string[]): Model[] => addresses.map((address) => endpoint(address))
const keys = ({ list: endpoints }: Members): string[] => endpoints.map(({ key }) => key.replace(':80', ''))

test('endpoints keep their identity and take the new model', () => {
  const it = new Members(new Draining())
  it.update(list('a', 'b', 'c'))
  const [a, , c] = it.list
  const models = list('a', 'x', 'c')
  const { added, gone } = it.update(models)
  expect([it.list[0], it.list[2]]).toEqual([a, c])
  expect(it.list[0]).toBe(a)
  expect(it.list.map(({ model }) => model)).toEqual(models)
  expect([added.map(({ key }) => key), gone.map(({ key }) => key)]).toEqual([['x:80'], ['b:80']])
})

test('of several with one address the first counts', () => {
  const it = new Members(new Draining())
  it.update([endpoint('a', { weight: 2 }), endpoint('a', { weight: 3 }), endpoint('b')])
  expect(it.list.map(({ key, weight }) => [key, weight])).toEqual([
    ['a:80', 2],
    ['b:80', 1],
  ])
})

test('one that is listed at the end and before takes its first place and model', () => {
  const it = new Members(new Draining())
  it.update(list('a'))
  const [a] = it.list
  it.update([endpoint('b'), endpoint('a', { weight: 2 }), endpoint('c'), endpoint('a', { weight: 3 })])
  expect(keys(it)).toEqual(['b', 'a', 'c'])
  expect([it.list[1], it.list[1]?.weight]).toEqual([a, 2])
})

test('any list follows any other: same order, nobody twice, who stays is the same', () => {
  const addresses = fc.array(fc.integer({ min: 0, max: 30 }).map(String), { maxLength: 30 })
  fc.assert(
    fc.property(fc.array(addresses, { minLength: 2, maxLength: 4 }), (steps) => {
      const it = new Members(new Draining())
      for (const step of steps) {
        const before = new Map(it.list.map((one) => [one.key, one]))
        const { added, gone } = it.update(list(...step))
        expect(keys(it)).toEqual([...new Set(step)])
        for (const one of it.list) {
          const known = before.get(one.key)
          if (known === undefined) expect(added).toContain(one)
          else expect(one).toBe(known)
          before.delete(one.key)
        }
        expect(new Set(gone)).toEqual(new Set(before.values()))
      }
    }),
  )
})
