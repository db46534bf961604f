// The header in which servers report their load (ORCA), and who hears of it.
import { afterEach, expect, test } from 'vitest'
import { cluster, config, forward, host, route } from '../model/config.suite.ts'
import type { LoadBalancer } from '../model/cluster.ts'
import { parseLoadMetrics } from './load-metrics.ts'
import { parseLoadReport } from './load-report.ts'
import { expectNothingLeft, worldOf } from './world.suite.ts'

afterEach(expectNothingLeft)

const empty = { cpuUtilization: 0, applicationUtilization: 0, requestsPerSecond: 0, errorsPerSecond: 0 }

test.each<[string, object | undefined]>([
  [
    'TEXT cpu_utilization=0.3, application_utilization=0.5,rps_fractional=10.5,eps=1',
    {
      cpuUtilization: 0.3,
      applicationUtilization: 0.5,
      requestsPerSecond: 10.5,
      errorsPerSecond: 1,
    },
  ],
  ['JSON {"cpu_utilization": 0.3, "rps_fractional": 10}', { ...empty, cpuUtilization: 0.3, requestsPerSecond: 10 }],
  ['JSON {"cpuUtilization": 0.3, "rpsFractional": 10}', { ...empty, cpuUtilization: 0.3, requestsPerSecond: 10 }],
  ['TEXT rps=7', { ...empty, requestsPerSecond: 7 }],
  ['TEXT cpu_utilization=-1,eps=nonsense,rps_fractional=1e999,other.name=3', empty],
  ['TEXT', undefined],
  ['JSON {broken', undefined],
  ['JSON 3', undefined],
  ['BIN CZqZmZmZmbk/', undefined],
  ['cpu_utilization=0.3', undefined],
])('%s', (text, report) => {
  expect(parseLoadReport(text)).toEqual(report)
})

test.each<[string, Record<string, number>]>([
  [
    'JSON {"cpu_utilization": 0.3, "named_metrics": {"queue": 3, "bad": "x"}, "utilization": {"disk": 0.5}}',
    { cpu_utilization: 0.3, 'named_metrics.queue': 3, 'utilization.disk': 0.5 },
  ],
  ['JSON {"memUtilization": 0.25, "namedMetrics": {"aB": -1}}', { mem_utilization: 0.25, 'named_metrics.aB': -1 }],
  ['TEXT cpu_utilization=0.3, named_metrics.queue=3', { cpu_utilization: 0.3, 'named_metrics.queue': 3 }],
  ['JSON {"a": null, "b": "", "c": [1]}', { 'c.0': 1 }],
  ['JSON nothing', {}],
])('all metrics of %s', (text, metrics) => {
  expect(Object.fromEntries(parseLoadMetrics(text))).toEqual(metrics)
})

test('A64 metrics that a cluster names are summed up by endpoint, others are not, and there is an end to names', async () => {
  const reportedMetrics = ['cpu_utilization', 'named_metrics.*']
  const world = await worldOf(
    config([host(['a'], [route(forward('c'))])], [cluster('c', ['10.0.0.1'], { reportedMetrics })]),
  )
  const living = world.mesh.cluster('c')!
  expect(living.wantsHeads).toBe(true)
  const [sent] = world.call('http://a/').sent
  const { attempt } = sent!
  attempt.loadReported('TEXT cpu_utilization=0.5, mem_utilization=1, named_metrics.x=2')
  attempt.loadReported('TEXT cpu_utilization=0.25')
  const endpoint = world.endpoint('c', '10.0.0.1:80')
  expect(Object.fromEntries(living.metrics?.of(endpoint) ?? [])).toEqual({
    cpu_utilization: { count: 2, total: 0.75 },
    'named_metrics.x': { count: 1, total: 2 },
  })
  for (let name = 0; name < 1000; name++) attempt.loadReported(`TEXT named_metrics.${name}=1`)
  expect(living.metrics?.of(endpoint)?.size).toBe(100)
})

const learning: LoadBalancer = {
  kind: 'clientWeightedRoundRobin',
  blackoutMs: 10_000,
  expiryMs: 180_000,
  updateMs: 1_000,
  errorPenalty: 1,
}

test.each<[LoadBalancer, boolean]>([
  [learning, true],
  [{ kind: 'roundRobin' }, false],
])('a report is kept where the balancer looks at it: %j', async (loadBalancer, kept) => {
  const world = await worldOf(
    config([host(['a'], [route(forward('c'))])], [cluster('c', ['10.0.0.1'], { loadBalancer })]),
  )
  world.call('http://a/')
  const call = world.mesh.cluster('c')!
  expect(call.observations.wantsLoad).toBe(kept)
  call.observations.load(
    world.endpoint('c', '10.0.0.1:80'),
    { ...empty, requestsPerSecond: 1, cpuUtilization: 1 },
    false,
  )
  expect(world.endpoint('c', '10.0.0.1:80').load !== undefined).toBe(kept)
})

test('latencies are observed where the balancer looks at them, failures as much longer ones', async () => {
  const loadBalancer: LoadBalancer = { kind: 'peakEwma', decayMs: 10_000, failurePenalty: 10 }
  const hosts = ['10.0.0.1', '10.0.0.2']
  const world = await worldOf(config([host(['a'], [route(forward('c'))])], [cluster('c', hosts, { loadBalancer })]))
  const it = world.mesh.cluster('c')!
  const [one, two] = it.endpoints()
  const ok = { kind: 'response', status: 200, grpcStatus: undefined, rateLimited: false } as const
  world.clock.advance(100)
  it.report(one!, ok, 0)
  it.report(two!, { ...ok, status: 503 }, 100)
  expect(one!.latency?.expectedMs(100, 10_000)).toBe(100)
  expect(two!.latency?.expectedMs(100, 10_000)).toBe(1_000)
  for (let i = 0; i < 5; i++) expect(world.call('http://a/').sent[0]?.endpoint).toBe('10.0.0.1:80')
})
