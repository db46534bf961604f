// Which endpoints may be picked from, SEMANTICS 6.1 to 6.3 as far as built: one priority, degraded after healthy.
import { expect, test } from 'vitest'
import type { Endpoint as Model } from '../model/cluster.ts'
import { endpoint } from '../model/config.suite.ts'
import { Endpoint } from './endpoint.ts'
import { chooseHosts, exclusionOf } from './host-set.ts'

function set(healths: readonly (Model['health'] | 'ejected')[]): Endpoint[] {
  return healths.map((health, i) => {
    const made = new Endpoint(endpoint(`10.0.0.${i}`, { health: health === 'ejected' ? 'healthy' : health }))
    made.ejected = health === 'ejected'
    return made
  })
}

test.each<[readonly (Model['health'] | 'ejected')[], number, tier: string, hosts: number]>([
  [['healthy', 'healthy'], 0, 'healthy', 2],
  [['healthy', 'degraded', 'unhealthy'], 0, 'healthy', 1],
  [['degraded', 'unhealthy'], 0, 'degraded', 1],
  [['unhealthy', 'draining', 'ejected'], 0, 'none', 0],
  [[], 0, 'none', 0],
  [[], 0.5, 'none', 0],
  [['unhealthy', 'ejected'], 0.01, 'panic', 2],
  [['healthy', 'unhealthy'], 0.5, 'healthy', 1],
  [['healthy', 'unhealthy', 'unhealthy'], 0.5, 'panic', 3],
  [['healthy', 'degraded', 'unhealthy', 'unhealthy'], 0.5, 'healthy', 1],
  [['healthy', 'ejected', 'draining'], 0.5, 'panic', 3],
  // 1.4 * 80 % is more than enough
  [['healthy', 'healthy', 'healthy', 'healthy', 'unhealthy'], 0.9, 'healthy', 4],
  [['healthy', 'healthy', 'unhealthy', 'unhealthy'], 0.9, 'panic', 4],
])('of %j with panic threshold %f the tier is %s with %i hosts', (healths, threshold, tier, hosts) => {
  const choice = chooseHosts(set(healths), threshold)
  expect([choice.tier, choice.hosts.length]).toEqual([tier, hosts])
})

test('an excluded endpoint says why', () => {
  const states = set(['healthy', 'degraded', 'unhealthy', 'draining', 'ejected'])
  expect(states.map(exclusionOf)).toEqual([
    undefined,
    undefined,
    'unhealthy',
    'draining',
    'ejected by outlier detection',
  ])
})
