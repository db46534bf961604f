// Consistent hashing with bounded loads, against what Envoy's C++ draws.
import { describe, expect, test } from 'vitest'
import { xxHash64 } from '../base/hash.ts'
import { SeededRandom } from '../base/random.ts'
import { createPicker } from './create.ts'
import { Mt19937 } from './mt19937.ts'
import type { HashKey, Picker } from './picker.ts'
import type { TestHost } from './picker.suite.ts'

const random = new SeededRandom(1)

function hosts(count: number): TestHost[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `${i}`,
    key: `10.0.0.${i}:80`,
    weight: 1,
    activeRequests: 0,
  }))
}

function bounded(of: readonly TestHost[], previous?: Picker<TestHost>, requests?: number): Picker<TestHost> {
  const policy = { kind: 'ringHash', minimumRingSize: 1_024, balanceFactor: 150 } as const
  const load = requests === undefined ? undefined : { requests }
  return createPicker(policy, of, random, previous, { clock: { now: () => 0 }, load })
}

function keyOf(text: string): HashKey {
  const key = { high: 0, low: 0 }
  xxHash64(text, key)
  return key
}

test('the twister is the one of the C++ standard: its 10,000th number is 4123659995', () => {
  const twister = new Mt19937()
  twister.seed(5_489)
  for (let i = 1; i < 10_000; i++) twister.uint32()
  expect(twister.uint32()).toBe(4_123_659_995)
})

describe('bounded loads', () => {
  test('an idle cluster is hashed as ever', () => {
    const all = hosts(7)
    const plain = createPicker({ kind: 'ringHash', minimumRingSize: 1_024 }, all, random)
    const picker = bounded(all)
    for (let i = 0; i < 100; i++) expect(picker.pick(random, keyOf(`${i}`))).toBe(plain.pick(random, keyOf(`${i}`)))
  })

  test.each([
    ['jason', [6, 2, 3, 1, 4, 5, 0]],
    ['alice', [6, 1, 5, 3, 2, 4, 0]],
  ])('the key %s tries the hosts that are not overloaded in the order %j', (text, order) => {
    const all = hosts(7)
    // of 10 requests in all one may have ceil(floor((11 * 150 + 99) / 100) / 7) = 3
    const picker = bounded(all, undefined, 10)
    const first = picker.pick(random, keyOf(text))
    if (first !== undefined) first.activeRequests = 4
    for (const number of order.filter((each) => all[each] !== first)) {
      expect(picker.pick(random, keyOf(text))?.name).toBe(String(number))
      all[number]!.activeRequests = 4
    }
  })

  test('when all are overloaded the one that is least so is used', () => {
    const all = hosts(5)
    for (const host of all) host.activeRequests = 20
    all[3]!.activeRequests = 19
    const picker = bounded(all, undefined, 1)
    for (let i = 0; i < 20; i++) expect(picker.pick(random, keyOf(`${i}`))?.name).toBe('3')
  })

  test('without the load of the cluster the hosts are counted', () => {
    const all = hosts(2)
    const picker = bounded(all)
    const host = picker.pick(random, keyOf('x'))
    host!.activeRequests = 8
    expect(picker.pick(random, keyOf('x'))).not.toBe(host)
    all.find((each) => each !== host)!.activeRequests = 8
    expect(picker.pick(random, keyOf('x'))).toBe(host)
  })

  test('a request without a key goes to any host, and the table before is kept', () => {
    const all = hosts(5)
    const first = bounded(all)
    const picker = bounded(all, first)
    const seen = new Set(Array.from({ length: 100 }, () => picker.pick(random)?.name))
    expect(seen.size).toBe(5)
    expect(picker.peek(random.fork())).toBe(picker.pick(random))
    expect(bounded([], first).pick(random)).toBeUndefined()
  })
})
