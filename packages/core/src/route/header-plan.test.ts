// Header operations level by level, SEMANTICS 3.7.
import { describe, expect, test } from 'vitest'
import type { HeaderMutation } from '../model/headers.ts'
import type { FormatContext } from './format.ts'
import { getHeader, type HeaderList, removeHeader, setHeader } from './header-list.ts'
import { compileHeaderPlans } from './header-plan.ts'

type Pairs = readonly (readonly [name: string, value: string])[]

function level(more: { remove?: readonly string[]; set?: Pairs; add?: Pairs }): HeaderMutation {
  const values = (pairs: Pairs = []): HeaderMutation['set'] => pairs.map(([name, value]) => ({ name, value }))
  return { remove: more.remove ?? [], set: values(more.set), add: values(more.add) }
}

function apply(list: HeaderList, ...levels: readonly (HeaderMutation | undefined)[]): HeaderList {
  const context: FormatContext = {
    requestHeader: (name) => [getHeader(list, name)].flat()[0],
    protocol: 'HTTP/1.1',
    startTimeMs: 0,
    upstreamCluster: 'c',
  }
  for (const plan of compileHeaderPlans(levels)) plan.apply(list, context)
  return list
}

describe('one level', () => {
  test('set overwrites or adds, add appends another line, remove removes all lines', () => {
    expect(apply(['x', '1'], level({ set: [['x', '2']] }))).toEqual(['x', '2'])
    expect(apply([], level({ set: [['x', '2']] }))).toEqual(['x', '2'])
    expect(apply(['x', '1'], level({ add: [['x', '2']] }))).toEqual(['x', '1', 'x', '2'])
    expect(apply(['x', '1', 'y', '2', 'x', '3'], level({ remove: ['x'] }))).toEqual(['y', '2'])
  })

  test('removes go first, then sets, of which the last wins, then adds', () => {
    const mutation = level({
      remove: ['x'],
      set: [
        ['x', 'set1'],
        ['x', 'set2'],
      ],
      add: [
        ['x', 'add1'],
        ['x', 'add2'],
      ],
    })
    expect(getHeader(apply(['x', 'old'], mutation), 'x')).toEqual(['set2', 'add1', 'add2'])
  })

  test('C061 an operation whose value is empty is skipped', () => {
    expect(apply(['x', 'o'], level({ set: [['x', '']], add: [['x', '']] }))).toEqual(['x', 'o'])
    expect(apply(['x', 'o'], level({ set: [['x', '%REQ(absent)%']] }))).toEqual(['x', 'o'])
  })

  test('operations may be for headers that are there, or that are not, before any is set', () => {
    const when = (mode: 'present' | 'absent'): HeaderMutation => {
      const values = ['x', 'y', 'z'].map((name) => ({ name, value: 'new', when: mode }))
      return mode === 'present' ? { remove: ['z'], set: values, add: [] } : { remove: ['z'], set: [], add: values }
    }
    expect(apply(['x', '1', 'z', '2'], when('present'))).toEqual(['x', 'new'])
    expect(apply(['x', '1', 'z', '2'], when('absent'))).toEqual(['x', '1', 'y', 'new', 'z', 'new'])
    const twice = {
      remove: [],
      set: [],
      add: [1, 2].map((n) => ({ name: 'x', value: `${n}`, when: 'absent' as const })),
    }
    expect(apply([], twice)).toEqual(['x', '1', 'x', '2'])
  })

  test('an empty value may be wanted', () => {
    const empty = { name: 'x', value: '', keepEmpty: true } as const
    expect(apply(['x', 'o'], { remove: [], set: [empty], add: [{ ...empty, name: 'y' }] })).toEqual(['x', '', 'y', ''])
  })

  test('operators see the headers as they are once the level has removed its own, before its sets', () => {
    const mutation = level({
      remove: ['a'],
      set: [
        ['b', 'was-%REQ(a)%'],
        ['a', 'new'],
        ['c', '%REQ(b)%'],
      ],
    })
    expect(apply(['a', 'old', 'b', 'B'], mutation)).toEqual(['b', 'was-', 'a', 'new', 'c', 'B'])
  })
})

describe('two levels: the cluster, then the route', () => {
  test('the set of the route beats the set of the cluster', () => {
    expect(apply([], level({ set: [['x', 'dest']] }), level({ set: [['x', 'route']] }))).toEqual(['x', 'route'])
  })

  test('a remove of the route deletes what the cluster added', () => {
    expect(apply([], level({ add: [['x', 'dest']] }), level({ remove: ['x'] }))).toEqual([])
  })

  test('appends come in the order of the levels', () => {
    expect(apply([], level({ add: [['x', 'dest']] }), level({ add: [['x', 'route']] }))).toEqual([
      'x',
      'dest',
      'x',
      'route',
    ])
  })

  test('the second level sees what the first has done', () => {
    expect(apply([], level({ set: [['x', '1']] }), level({ set: [['y', '%REQ(x)%2']] }))).toEqual(['x', '1', 'y', '12'])
  })

  test('levels that say nothing cost nothing', () => {
    expect(compileHeaderPlans([undefined, level({}), level({ remove: ['x'] })])).toHaveLength(1)
  })
})

describe('the flat list', () => {
  test('several lines of one name are found in order', () => {
    expect(getHeader(['a', '1', 'b', '2', 'a', '3', 'a', '4'], 'a')).toEqual(['1', '3', '4'])
    expect(getHeader(['a', '1'], 'a')).toBe('1')
    expect(getHeader(['b', 'a'], 'a')).toBeUndefined()
  })

  test('a set leaves one line, where the first was', () => {
    const list = ['x', '1', 'y', '2', 'x', '3', 'z', '4', 'x', '5']
    setHeader(list, 'x', 'new')
    expect(list).toEqual(['x', 'new', 'y', '2', 'z', '4'])
  })

  test('a value that reads like the name is not taken for it', () => {
    const list = ['a', 'x', 'x', 'a']
    removeHeader(list, 'x')
    expect(list).toEqual(['a', 'x'])
    setHeader(list, 'x', '1')
    expect(list).toEqual(['a', 'x', 'x', '1'])
  })
})
