// Load reports over real sockets: the weights of client-side weighted round robin follow from response headers (ORCA).
import { expect, test } from 'vitest'
import { VirtualClock } from '@proxyless/core/spi'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { backend, closeAfterEach, mesh } from '../kit/opened.ts'

closeAfterEach()

test('an endpoint that reports a third of the utilisation gets three times the calls', async () => {
  const reports = (utilisation: number) => () => ({
    headers: ['endpoint-load-metrics', `TEXT cpu_utilization=${utilisation}, rps_fractional=100`],
  })
  const idle = await backend({ handler: reports(0.2) })
  const busy = await backend({ handler: reports(0.6) })
  const loadBalancer = {
    kind: 'clientWeightedRoundRobin',
    blackoutMs: 10_000,
    expiryMs: 180_000,
    updateMs: 1_000,
    errorPenalty: 1,
  } as const
  const endpoints = [endpoint(idle.authority), endpoint(busy.authority)]
  const clock = new VirtualClock()
  const it = await mesh(config([host(['svc'], [route(forward('c'))])], [cluster('c', endpoints, { loadBalancer })]), {
    clock,
  })
  const call = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await (await it.fetch('http://svc/')).text()
  }
  await call(40)
  expect(Math.abs(idle.requests.length - 20)).toBeLessThanOrEqual(1)
  clock.advance(10_000)
  await call(20)
  const before = idle.requests.length
  await call(80)
  expect(Math.abs(idle.requests.length - before - 60)).toBeLessThanOrEqual(2)
})
