// How load is divided among priorities, SEMANTICS 6.2 and 6.3; [V] there was seen on a real Envoy.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { defaultFactor, loadsOf, panicOf, type PriorityCounts } from './priority-load.ts'

type Row = readonly [healthy: number, degraded: number, total: number]

const counts = (rows: readonly Row[]): PriorityCounts[] =>
  rows.map(([healthy, degraded, total]) => ({ healthy, degraded, total }))

test.each<[what: string, rows: readonly Row[], healthy: readonly number[], degraded: readonly number[]]>([
  [
    'all is well',
    [
      [100, 0, 100],
      [100, 0, 100],
    ],
    [100, 0],
    [0, 0],
  ],
  [
    '72 % are just enough',
    [
      [72, 0, 100],
      [100, 0, 100],
    ],
    [100, 0],
    [0, 0],
  ],
  [
    '71 % are not',
    [
      [71, 0, 100],
      [100, 0, 100],
    ],
    [99, 1],
    [0, 0],
  ],
  [
    'half of the first [V]',
    [
      [1, 0, 2],
      [2, 0, 2],
    ],
    [70, 30],
    [0, 0],
  ],
  [
    'a quarter of both',
    [
      [1, 0, 4],
      [1, 0, 4],
    ],
    [50, 50],
    [0, 0],
  ],
  [
    'none of the first',
    [
      [0, 0, 3],
      [3, 0, 3],
    ],
    [0, 100],
    [0, 0],
  ],
  ['C141 one healthy and one degraded [V]', [[1, 1, 2]], [70], [30]],
  [
    'C142 the first has degraded ones only [V]',
    [
      [0, 2, 2],
      [1, 0, 1],
    ],
    [0, 100],
    [0, 0],
  ],
  ['degraded ones alone', [[0, 2, 2]], [0], [100]],
  // Envoy's own example in recalculatePerPriorityState, where factor 1.4 does not yet count
  [
    '10 / 20 / 10 healthy, 20 / 10 / 0 degraded',
    [
      [1, 2, 14],
      [2, 1, 14],
      [1, 0, 14],
    ],
    [16, 28, 14],
    [28, 14, 0],
  ],
])('%s', (_, rows, healthy, degraded) => {
  const loads = loadsOf(counts(rows), defaultFactor)
  // leftovers of rounding go to the first
  const rest = 100 - [...healthy, ...degraded].reduce((sum, percent) => sum + percent, 0)
  expect(loads).toEqual({ healthy: healthy.map((percent, i) => (i === 0 ? percent + rest : percent)), degraded })
})

test('when nobody is fit there is nothing to divide', () => {
  expect(loadsOf(counts([[0, 0, 3]]), defaultFactor)).toBeUndefined()
  expect(loadsOf(counts([]), defaultFactor)).toBeUndefined()
})

test('priorities that are left out get nothing', () => {
  const all = counts([
    [2, 0, 2],
    [2, 0, 2],
    [2, 0, 2],
  ])
  expect(loadsOf(all, defaultFactor, new Set([0]))?.healthy).toEqual([0, 100, 0])
  expect(loadsOf(all, defaultFactor, new Set([0, 1, 2]))).toBeUndefined()
})

describe('panic', () => {
  test.each<
    [what: string, rows: readonly Row[], threshold: number, panic: readonly boolean[], healthy: readonly number[]]
  >([
    ['strictly below the threshold', [[1, 0, 3]], 0.5, [true], [100]],
    ['not at the threshold', [[1, 0, 2]], 0.5, [false], [100]],
    ['degraded hosts count as usable', [[1, 1, 4]], 0.5, [false], [50]],
    ['never where there is enough by 1.4', [[4, 0, 5]], 0.9, [false], [100]],
    [
      'never where another priority has enough',
      [
        [0, 0, 3],
        [3, 0, 3],
      ],
      0.5,
      [false, false],
      [0, 100],
    ],
    [
      'of one priority while another is fit',
      [
        [1, 0, 10],
        [6, 0, 10],
      ],
      0.5,
      [true, false],
      [15, 85],
    ],
    [
      'of all: by how many hosts there are',
      [
        [0, 0, 3],
        [0, 0, 1],
      ],
      0.5,
      [true, true],
      [75, 25],
    ],
    [
      'of all, with rounding left to the first that has hosts',
      [
        [0, 0, 0],
        [0, 0, 1],
        [0, 0, 2],
      ],
      0.5,
      [true, true, true],
      [0, 34, 66],
    ],
    ['never without a threshold', [[0, 0, 3]], 0, [false], [100]],
    ['of a cluster without hosts', [[0, 0, 0]], 0.5, [true], [100]],
  ])('%s', (_, rows, threshold, panic, healthy) => {
    const found = panicOf(counts(rows), defaultFactor, threshold)
    expect(found.panic).toEqual(panic)
    expect(found.loads.healthy).toEqual(healthy)
  })
})

const priority = fc
  .record({ healthy: fc.nat(20), degraded: fc.nat(20), unfit: fc.nat(20) })
  .map(({ healthy, degraded, unfit }) => ({ healthy, degraded, total: healthy + degraded + unfit }))
const priorities = fc.array(priority, { minLength: 1, maxLength: 6 })

test('all loads sum to 100, and who has no fit host gets nothing unless all panic', () => {
  fc.assert(
    fc.property(priorities, fc.double({ min: 0, max: 1, noNaN: true }), (rows, threshold) => {
      const { loads, panic } = panicOf(rows, defaultFactor, threshold)
      const sum = [...loads.healthy, ...loads.degraded].reduce((all, one) => all + one, 0)
      expect(sum).toBe(100)
      if (panic.every(Boolean) || loadsOf(rows, defaultFactor) === undefined) return
      rows.forEach(({ healthy, degraded }, i) => {
        if (healthy === 0) expect(loads.healthy[i]).toBe(0)
        if (degraded === 0) expect(loads.degraded[i]).toBe(0)
      })
    }),
  )
})

test('a priority gets something only when those before it cannot bear all', () => {
  fc.assert(
    fc.property(priorities, (rows) => {
      const loads = loadsOf(rows, defaultFactor)
      const first = rows[0]
      if (
        loads !== undefined &&
        first !== undefined &&
        first.total > 0 &&
        Math.floor((140 * first.healthy) / first.total) >= 100
      )
        expect(loads.healthy[0]).toBe(100)
    }),
  )
})
