// SIMULATION.md is what the simulation yields, and the simulation bears out what is claimed of each policy.
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Figures } from './engine/figures.ts'
import { pageOf, type Results, resultsOf, sectionOf } from './page.ts'
import { scenarios } from './scenarios/all.ts'

const results = new Map<string, Results>()

beforeAll(async () => {
  for (const scenario of scenarios) results.set(scenario.name, await resultsOf(scenario))
})

function figures(scenario: string, policy: string): Figures {
  const found = results.get(scenario)?.[policy]
  if (found === undefined) throw new Error(`${scenario} has no ${policy}`)
  return found
}

test('SIMULATION.md is up to date: `npm run simulate` writes it', () => {
  const page = readFileSync(new URL('../../SIMULATION.md', import.meta.url), 'utf8')
  expect(page).toBe(pageOf(scenarios.map((scenario) => sectionOf(scenario, results.get(scenario.name) ?? {}))))
})

test('a scenario run again yields the same figures', async () => {
  const [first] = scenarios
  expect(await resultsOf(first!)).toEqual(results.get(first!.name))
})

describe('a slow endpoint', () => {
  const at = (policy: string): Figures => figures('Slow endpoint', policy)

  test('ruins every tenth call under round robin, few under least request, none under peak EWMA', () => {
    expect(at('round robin').goodput).toBeLessThan(0.95)
    expect(at('least request').goodput).toBeGreaterThan(0.99)
    expect(at('peak EWMA').goodput).toBeGreaterThan(0.999)
    expect(at('peak EWMA').p99Ms).toBeLessThan(at('least request').p99Ms / 5)
  })
})

test('hedging answers what met a pause elsewhere, for a few percent more requests', () => {
  const at = (policy: string): Figures => figures('Slow answers now and then', policy)
  for (const policy of ['round robin', 'least request', 'peak EWMA']) expect(at(policy).p99Ms).toBeGreaterThan(400)
  expect(at('least request, hedging').p99Ms).toBeLessThan(80)
  expect(at('least request, hedging').amplification).toBeLessThan(1.06)
  expect(figures('Full outage and recovery', 'least request, hedging').amplification).toBeLessThan(1.25)
})

describe('endpoints that fail at once', () => {
  const at = (policy: string): Figures => figures('Partial outage', policy)

  test('attract calls under least request, not under peak EWMA with its penalty', () => {
    expect(at('least request').goodput).toBeLessThan(at('round robin').goodput)
    expect(at('peak EWMA').goodput).toBeGreaterThan(0.9)
  })

  test('cost a fifth of the retries when the balancer leaves them alone', () => {
    const retries = (policy: string): number => at(policy).amplification - 1
    expect(retries('peak EWMA, retries, budget')).toBeLessThan(retries('least request, retries, budget') / 4)
  })
})

describe('a full outage', () => {
  const at = (policy: string): Figures => figures('Full outage and recovery', policy)

  test('makes three attempts of every call without a budget, under 1.25 with one', () => {
    expect(at('least request, retries').amplification).toBeGreaterThan(2.5)
    expect(at('least request, retries, budget').amplification).toBeLessThan(1.25)
    expect(at('peak EWMA, retries, budget').amplification).toBeLessThan(1.25)
  })

  test('never ends when retries keep the load up, and does with a budget', () => {
    expect(at('least request, retries').more['goodput after']).toBeLessThan(0.05)
    expect(at('least request, retries, budget').more['goodput after']).toBeGreaterThan(0.4)
  })
})

test('retries hide a rolling restart', () => {
  expect(figures('Rolling restart', 'least request').goodput).toBeLessThan(0.95)
  expect(figures('Rolling restart', 'peak EWMA, retries, budget').goodput).toBeGreaterThan(0.999)
})

test('over three tiers retries multiply, and budgets keep them from it', () => {
  const reached = (policy: string): number => figures('Retry storm over three tiers', policy).more['requests at C'] ?? 0
  expect(reached('least request, retries')).toBeGreaterThan(8)
  expect(reached('least request, retries, budget')).toBeLessThan(2)
})

test('a key finds the instance that remembers it by hashing, and bounds keep the hottest from being too much', () => {
  const at = (policy: string): Figures => figures('Hot keys', policy)
  expect(at('ring hash').p50Ms).toBeLessThan(at('least request').p50Ms / 3)
  expect(at('ring hash, bounded load 125 %').p99Ms).toBeLessThan(at('ring hash').p99Ms)
})

test('slow start spares the calls that new endpoints would have ruined', () => {
  const at = (policy: string): Figures => figures('Cold start', policy)
  expect(at('round robin').goodput).toBeLessThan(0.95)
  expect(at('round robin, slow start').goodput).toBeGreaterThan(0.999)
})

test('an aperture opens a tenth of the connections and halves the typical call', () => {
  const at = (policy: string): Figures => figures('Many endpoints', policy)
  const opened = (policy: string): number => at(policy).more['connections'] ?? 0
  expect(opened('least request, aperture 20')).toBeLessThan(opened('least request') / 10)
  expect(at('least request, aperture 20').p50Ms).toBeLessThan(at('least request').p50Ms / 2)
})

test('load reports make round robin fit for unequal instances', () => {
  const at = (policy: string): Figures => figures('Unequal instances', policy)
  expect(at('round robin').goodput).toBeLessThan(0.6)
  expect(at('client-weighted round robin').goodput).toBeGreaterThan(0.99)
})

test('zone aware routing keeps calls at home as far as there is room for them', () => {
  const at = (policy: string): Figures => figures('Three zones', policy)
  const left = (policy: string): number => at(policy).more['left the zone'] ?? 0
  const [anywhere, nearest, zoneAware] = [
    'least request',
    'least request, nearest first (localityLbSetting)',
    'least request, zone aware (zoneAwareLbSetting)',
  ] as const
  expect(left(zoneAware)).toBeLessThan(left(anywhere) / 5)
  expect(at(zoneAware).p50Ms).toBeLessThan(at(anywhere).p50Ms - 2)
  expect(at(nearest).p99Ms).toBeGreaterThan(at(zoneAware).p99Ms * 3)
})

describe('overload', () => {
  test('of a service that refuses at a cost leaves nothing, and a third with adaptive throttling', () => {
    const at = (policy: string): Figures => figures('Overload of a service that refuses', policy)
    expect(at('least request').goodput).toBeLessThan(0.01)
    expect(at('least request, retries, budget').goodput).toBeLessThan(0.01)
    expect(at('least request, adaptive throttling').goodput).toBeGreaterThan(0.3)
  })

  test('of a service that queues leaves nothing, and all that it can do with adaptive concurrency', () => {
    const at = (policy: string): Figures => figures('Overload of a service that queues', policy)
    expect(at('least request').goodput).toBeLessThan(0.01)
    expect(at('least request, adaptive concurrency').goodput).toBeGreaterThan(0.48)
    expect(at('least request, adaptive concurrency').p99Ms).toBeLessThan(150)
  })
})

test('retries that could not end in time are not made: what they would have cost is there for others', () => {
  const at = (policy: string): Figures => figures('Failures near the deadline', policy)
  expect(at('least request, retries').goodput).toBeLessThan(at('least request').goodput - 0.1)
  expect(at('least request, retries in time').goodput).toBeGreaterThan(at('least request, retries').goodput + 0.05)
  expect(at('least request, retries in time').amplification).toBeLessThan(at('least request, retries').amplification)
})

test('a client that blocks itself ejects healthy endpoints, and does not when that is corrected', () => {
  const at = (policy: string): Figures => figures('Blocked client', policy)
  expect(at('least request, retries').more['ejections']).toBeGreaterThan(5)
  expect(at('least request, retries').goodput).toBeLessThan(0.5)
  const corrected = at('least request, retries, event loop correction')
  expect([corrected.more['ejections'], corrected.goodput]).toEqual([0, 1])
  expect(corrected.amplification).toBeLessThan(1.01)
})
