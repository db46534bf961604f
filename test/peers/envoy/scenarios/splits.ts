// SEMANTICS 3.6 and 3.11: weighted destinations and mirrors.
import { alike, counted, type Counts } from '../harness/distribution.ts'
import { type Scenario, scenario } from '../harness/scenario.ts'
import { always, edit, never, replacePrefix, prefix, retries, split, to } from '../harness/words.ts'
import type { Side } from '../harness/side.ts'
import { settled } from '../harness/settled.ts'

const mirror = { cluster: 'b', percent: always, shadowHostSuffix: false }

function weighted(says: string, weights: Readonly<Record<string, number>>, count = 400): Scenario {
  return scenario(`3.6: ${says}`, {
    routes: [split(weights)],
    play: (side: Side): Promise<Counts> => counted(side, count),
    compare: alike,
  })
}

export const splits: readonly Scenario[] = [
  weighted('C006: 75 and 25', { a: 75, b: 25 }),
  weighted('30 and 10 need not make 100', { a: 30, b: 10 }),
  weighted('three ways', { a: 1, b: 1, c: 2 }),
  weighted('rare', { a: 999, b: 1 }),
  scenario('3.6: weight 0 gets nothing', {
    routes: [split({ a: 0, b: 1, c: 0 })],
    asks: Array.from({ length: 10 }, () => '/'),
  }),
  scenario('3.6 C008: one destination takes all', { routes: [split({ a: 3 })], asks: ['/', '/'] }),
  scenario('3.6: the pick is kept for retries', {
    routes: [
      split(
        { a: 1, b: 1 },
        {
          ...retries(['5xx'], { numRetries: 3, avoidPreviousHosts: true }),
        },
      ),
    ],
    answers: [{ status: 500 }, { status: 500 }, { status: 500 }, { status: 500 }],
    play: async (side) => {
      const outcomes = await side.sendAll(Array.from({ length: 10 }, () => '/'))
      return outcomes.map(({ arrivals }) => [arrivals.length, new Set(arrivals.map(({ backend }) => backend)).size])
    },
  }),
  scenario('3.11 C065: a mirror gets a copy, headers and all', {
    routes: [
      to(
        'a',
        { mirrors: [mirror], requestHeaders: edit({ set: ['x', '1'] }), ...replacePrefix('/new'), hostRewrite: 'h' },
        prefix('/old'),
      ),
    ],
    play: async (side) =>
      settled(await side.send({ method: 'POST', path: '/old/x?q=1', body: 'body', headers: ['y', '2'] }), 2),
  }),
  scenario('3.11: -shadow in the copy’s Host', {
    routes: [to('a', { mirrors: [{ ...mirror, shadowHostSuffix: true }] })],
    play: async (side) => [
      await settled(await side.send({ host: 'svc.test:81' }), 2),
      await settled(await side.send({ host: 'svc.test' }), 2),
    ],
  }),
  scenario('3.11: several mirrors', {
    routes: [to('a', { mirrors: [mirror, { ...mirror, cluster: 'c' }] })],
    play: async (side) => settled(await side.send('/'), 3),
  }),
  scenario('3.11: a mirror’s failure hurts nobody', {
    routes: [to('a', { mirrors: [mirror] })],
    answers: ({ backend }) => (backend === 'b' ? { status: 500 } : {}),
    play: async (side) => settled(await side.send('/'), 2),
  }),
  scenario('3.11: mirrors that cannot be reached', {
    routes: [
      to('a', {
        mirrors: [
          { ...mirror, cluster: 'down' },
          { ...mirror, cluster: 'nowhere' },
        ],
      }),
    ],
  }),
  scenario('3.11: never', { routes: [to('a', { mirrors: [{ ...mirror, percent: never }] })], asks: ['/', '/'] }),
  scenario('3.11: a copy is not retried', {
    routes: [
      to('a', {
        mirrors: [mirror],
        ...retries(['5xx'], { numRetries: 1, avoidPreviousHosts: false }),
      }),
    ],
    answers: () => ({ status: 500 }),
    play: async (side) => settled(await side.send('/'), 3),
  }),
]
