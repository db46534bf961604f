// A patched map is the map that a copy would be.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PatchedMap } from './patched-map.ts'

const key = fc.nat(400).map(String)
const patches = fc.array(fc.uniqueArray(fc.tuple(key, fc.option(fc.nat())), { selector: ([name]) => name }))

test('whatever is changed, it holds what a copy would hold, and maps made before stay as they were', () => {
  fc.assert(
    fc.property(patches, (all) => {
      let map = PatchedMap.empty<number>()
      const copy = new Map<string, number>()
      for (const patch of all) {
        const before = map
        const entries = [...before]
        map = map.with(new Map(patch.map(([name, value]) => [name, value ?? undefined])))
        for (const [name, value] of patch) {
          if (value === null) copy.delete(name)
          else copy.set(name, value)
        }
        expect([...before]).toEqual(entries)
        expect(new Map(map)).toEqual(copy)
        expect(map.size).toBe(copy.size)
        expect([...map.keys()].every((name) => map.has(name) && map.get(name) === copy.get(name))).toBe(true)
      }
    }),
  )
})

test('it tells from a near relative what may differ, and of strangers nothing', () => {
  const base = PatchedMap.empty<number>().with(new Map(Array.from({ length: 500 }, (_, n) => [`${n}`, n])))
  const one = base.with(new Map([['1', -1]]))
  const two = one.with(new Map([['2', undefined]]))
  expect([...(two.changedSince(base) ?? [])]).toEqual(['1', '2'])
  expect([...(base.changedSince(two) ?? [])]).toEqual(['1', '2'])
  expect(two.changedSince(new Map())).toBeUndefined()
  expect(two.changedSince(PatchedMap.empty())).toBeUndefined()
})
