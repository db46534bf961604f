// Several sources as one: who speaks when, and what each layer hears of its own texts.
import type { DocumentSink, DocumentSource, DocumentText, Freshness, Problem } from '@proxyless/core/spi'
import { beforeEach, expect, test } from 'vitest'
import { layers } from './layers.ts'

class Scripted implements DocumentSource {
  sink: DocumentSink | undefined
  readonly judgements: (readonly DocumentText[])[] = []
  fresh: Freshness = { state: 'live', ageMs: 0 }
  closed = false

  start(sink: DocumentSink): void {
    this.sink = sink
  }

  judged(texts: readonly DocumentText[]): void {
    this.judgements.push(texts)
  }

  freshness(): Freshness {
    return this.fresh
  }

  async close(): Promise<void> {
    this.closed = true
  }
}

const bad = (severity: Problem['severity'] = 'error'): Problem => ({
  code: 'X',
  severity,
  outcome: 'void',
  resource: 'r',
  path: '',
  message: severity,
})
const a: DocumentText = { name: 'a', text: 'A' }
const b: DocumentText = { name: 'b', text: 'B' }

let below: Scripted
let above: Scripted
let both: DocumentSource
let sets: (readonly DocumentText[])[]
let problems: Problem[]

beforeEach(() => {
  below = new Scripted()
  above = new Scripted()
  both = layers([below, above])
  sets = []
  problems = []
  both.start({
    texts: (texts) => void sets.push(texts),
    problem: (problem) => void problems.push(problem),
    isEmpty: () => false,
  })
})

test('nothing is handed over before every layer has said something; texts carry their layer', () => {
  below.sink?.texts([a])
  expect(sets).toEqual([])
  above.sink?.texts([b])
  expect(sets).toEqual([
    [
      { ...a, layer: 0 },
      { ...b, layer: 1 },
    ],
  ])
})

test('a layer that fails at the start does not hold the others up, and is told after them', () => {
  above.sink?.problem(bad('warning'))
  above.sink?.problem(bad())
  expect(problems).toEqual([])
  below.sink?.texts([a])
  expect(sets).toEqual([[{ ...a, layer: 0 }]])
  expect(problems.map(({ message }) => message)).toEqual(['warning', 'error'])
})

test('when all fail there is nothing but the problems', () => {
  below.sink?.problem(bad())
  above.sink?.problem(bad())
  expect(sets).toEqual([])
  expect(problems).toHaveLength(2)
})

test('what a layer held stays while it fails', () => {
  below.sink?.texts([a])
  above.sink?.texts([b])
  above.sink?.problem(bad())
  below.sink?.texts([])
  expect(sets.at(-1)).toEqual([{ ...b, layer: 1 }])
})

test('a problem that goes on is told again after texts of another layer, and ended by texts of its own', () => {
  below.sink?.texts([a])
  above.sink?.texts([b])
  above.sink?.problem(bad('warning'))
  above.sink?.problem(bad())
  problems.length = 0
  below.sink?.texts([])
  expect(problems.map(({ message }) => message)).toEqual(['warning', 'error'])
  above.sink?.texts([b])
  below.sink?.texts([a])
  expect(problems).toHaveLength(2)
})

test('each layer is told of the very set that it handed over', () => {
  const mine = [a]
  below.sink?.texts(mine)
  above.sink?.texts([b])
  both.judged?.(sets[0] ?? [], [])
  expect(below.judgements[0]).toBe(mine)
  expect(above.judgements[0]).toEqual([b])
})

test('it is as fresh as its least fresh layer', async () => {
  expect(both.freshness?.()).toEqual({ state: 'live', ageMs: 0 })
  below.fresh = { state: 'live', ageMs: 9 }
  expect(both.freshness?.()).toEqual({ state: 'live', ageMs: 9 })
  below.fresh = { state: 'cached', ageMs: 5 }
  above.fresh = { state: 'stale', ageMs: 7 }
  expect(both.freshness?.()).toEqual({ state: 'cached', ageMs: 5 })
  await both.close()
  expect([below.closed, above.closed]).toEqual([true, true])
})
