// The hosts of a cluster by priority and health.
import { expect, test } from 'vitest'
import type { Endpoint as Model } from '../model/cluster.ts'
import { endpoint } from '../model/config.suite.ts'
import { Endpoint } from './endpoint.ts'
import { hostSetsOf, unfitnessOf } from './host-set.ts'

function hosts(...states: readonly (Model['health'] | 'ejected')[]): Endpoint[] {
  return states.map((state, i) => {
    const made = new Endpoint(endpoint(`10.0.0.${i}`, { health: state === 'ejected' ? 'healthy' : state }))
    made.ejected = state === 'ejected'
    return made
  })
}

test('hosts are healthy, degraded or neither', () => {
  const [set] = hostSetsOf(hosts('healthy', 'degraded', 'unhealthy', 'draining', 'ejected'))
  expect([set?.hosts.length, set?.healthy.length, set?.degraded.length]).toEqual([5, 1, 1])
})

test('where all are healthy one list serves for both', () => {
  const all = hosts('healthy', 'healthy')
  const [set] = hostSetsOf(all)
  expect([set?.hosts, set?.healthy]).toEqual([all, all])
  expect(set?.healthy).toBe(all)
})

test('priorities ascend; numbers that nobody has are skipped', () => {
  const priorities = [7, 0, 7, 3].map((priority, i) => new Endpoint(endpoint(`10.0.0.${i}`, { priority })))
  expect(hostSetsOf(priorities).map((set) => [set.priority, set.hosts.length])).toEqual([
    [0, 1],
    [3, 1],
    [7, 2],
  ])
})

test('no endpoints are one empty priority', () => {
  expect(hostSetsOf([])).toEqual([{ priority: 0, hosts: [], healthy: [], degraded: [], excluded: 0 }])
})

test('an unfit endpoint says why', () => {
  expect(hosts('healthy', 'degraded', 'unhealthy', 'draining', 'ejected').map(unfitnessOf)).toEqual([
    undefined,
    undefined,
    'unhealthy',
    'draining',
    'ejected by outlier detection',
  ])
})
