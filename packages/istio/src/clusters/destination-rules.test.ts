// Which DestinationRule governs, and how its levels add up: SEMANTICS 2.8 and 7.1.
import { expect, test } from 'vitest'
import { REVIEWS, bookinfo, clusterOf, destinationRule } from '../bookinfo.suite.ts'
import type { LoadBalancer } from '@proxyless/core/spi'

const A = 'outbound|80||a.svcns.svc.cluster.local'
const policy = (simple: string): string => `trafficPolicy: {loadBalancer: {simple: ${simple}}}`

async function balancerOf(cluster: string, ...rules: string[]): Promise<LoadBalancer['kind']> {
  return clusterOf(await bookinfo(rules), cluster).loadBalancer.kind
}

test("2.8: the client's namespace, then the service's, then the root's", async () => {
  const root = destinationRule('r', `host: "*.local"\n${policy('RANDOM')}`, 'istio-system')
  const theirs = destinationRule('t', `host: a\n${policy('ROUND_ROBIN')}`, 'svcns')
  const ours = destinationRule('o', `host: "*.cluster.local"\n${policy('LEAST_REQUEST')}`)
  expect(await balancerOf(A, root)).toBe('random')
  expect(await balancerOf(A, root, theirs)).toBe('roundRobin')
  expect(await balancerOf(A, root, theirs, ours)).toBe('leastRequest')
})

test('2.8: rules that are not exported here do not count', async () => {
  const hidden = destinationRule('t', `host: a\nexportTo: [.]\n${policy('RANDOM')}`, 'svcns')
  const nobody = destinationRule('n', `host: ${REVIEWS}\nexportTo: ["~"]\n${policy('RANDOM')}`)
  expect(await balancerOf(A, hidden)).toBe('leastRequest')
  expect(await balancerOf(`outbound|9080||${REVIEWS}`, nobody)).toBe('leastRequest')
})

test('2.8: a selecting rule comes before a general one for the same host only', async () => {
  const reviews = `outbound|9080||${REVIEWS}`
  const selector = 'workloadSelector: {matchLabels: {app: c}}'
  const general = destinationRule('g', `host: reviews\n${policy('RANDOM')}`)
  const same = destinationRule('s', `host: reviews\n${selector}\n${policy('ROUND_ROBIN')}`)
  const wide = destinationRule('w', `host: "*.local"\n${selector}\n${policy('ROUND_ROBIN')}`)
  const others = destinationRule(
    'x',
    `host: reviews\nworkloadSelector: {matchLabels: {app: x}}\n${policy('ROUND_ROBIN')}`,
  )
  expect(await balancerOf(reviews, general, same)).toBe('roundRobin')
  expect(await balancerOf(reviews, general, wide)).toBe('random')
  expect(await balancerOf(reviews, general, others)).toBe('random')
})

test('2.8: a port of a subset replaces what the subset says, not what the rule says', async () => {
  const rule = destinationRule(
    'r',
    `
host: reviews
trafficPolicy: {connectionPool: {tcp: {maxConnections: 5}}}
subsets:
- name: v1
  trafficPolicy:
    loadBalancer: {simple: RANDOM}
    portLevelSettings: [{port: {number: 9080}, outlierDetection: {maxEjectionPercent: 100}}]`,
  )
  expect(clusterOf(await bookinfo([rule]), `outbound|9080|v1|${REVIEWS}`)).toMatchObject({
    loadBalancer: { kind: 'leastRequest' },
    circuitBreakers: { maxConnections: 5 },
    outlierDetection: { maxEjectionPercent: 1 },
  })
})

test('7.1: zero local-origin failures mean the default, as istiod leaves the field out', async () => {
  const detection = async (block: string): Promise<unknown> =>
    clusterOf(
      await bookinfo([destinationRule('r', `host: reviews\ntrafficPolicy: {outlierDetection: ${block}}`)]),
      `outbound|9080||${REVIEWS}`,
    ).outlierDetection
  const split = 'splitExternalLocalOriginErrors: true'
  expect(await detection(`{${split}, consecutiveLocalOriginFailures: 0}`)).toMatchObject({
    consecutiveLocalOriginFailure: 5,
  })
  expect(await detection(`{${split}, consecutiveLocalOriginFailures: 2}`)).toMatchObject({
    consecutiveLocalOriginFailure: 2,
  })
  expect(await detection('{consecutiveLocalOriginFailures: 0}')).toMatchObject({ consecutiveLocalOriginFailure: 0 })
  expect(await detection('{consecutive5xxErrors: 0, consecutiveGatewayErrors: 3, minHealthPercent: 40}')).toMatchObject(
    {
      consecutive5xx: 0,
      consecutiveGatewayFailure: 3,
    },
  )
})
