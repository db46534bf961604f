// Several attempts at once and waits that servers ask for, over real sockets; SEMANTICS 5.5 and 5.7.
// Time is virtual: a per-try timeout passes when a test says so.
import { expect, test } from 'vitest'
import { type RetryPolicy, VirtualClock } from '@proxyless/core/spi'
import type { CallRecord } from 'proxyless'
import type { BackendOptions } from '../kit/backend.ts'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { backend, closeAfterEach, mesh } from '../kit/opened.ts'
import { until } from '../kit/until.ts'

closeAfterEach()

const policy: RetryPolicy = {
  numRetries: 2,
  retryOn: ['5xx'],
  retriableStatusCodes: [],
  perTryTimeoutMs: 100,
  backoffBaseMs: 1,
  backoffMaxMs: 1,
  avoidPreviousHosts: true,
  retryOtherPriorities: false,
}

async function world(more: Partial<RetryPolicy>, ...handlers: readonly BackendOptions['handler'][]) {
  const clock = new VirtualClock()
  const records: CallRecord[] = []
  const backends = await Promise.all(
    handlers.map((handler, i) => backend({ name: String(i), ...(handler === undefined ? {} : { handler }) })),
  )
  const c = cluster(
    'c',
    backends.map(({ authority }) => endpoint(authority)),
  )
  const toC = route(forward('c', { retry: { ...policy, ...more } }))
  const observer = { callEnded: (record: CallRecord) => void records.push(record) }
  const m = await mesh(config([host(['svc'], [toC])], [c]), { clock, observer })
  const requests = (): number => backends.reduce((sum, { requests: seen }) => sum + seen.length, 0)
  const status = () => m.status().clusters.find(({ name }) => name === 'c')
  return { clock, records, backends, m, requests, status }
}

const hang = { instead: 'hang' } as const

test.each([
  ['GET', undefined],
  ['POST', 'a body'],
])('a hedged %s is answered by the faster server, and the slower one is reset', async (method, body) => {
  let calls = 0
  const handler = () => (calls++ === 0 ? hang : { body: 'fast' })
  const it = await world({ hedgeOnPerTryTimeout: true }, handler, handler)
  const call = it.m.fetch('http://svc/', {
    method,
    ...(body === undefined ? {} : { body: new Blob([body]).stream(), duplex: 'half' as const }),
  })
  await until(() => it.requests() === 1)
  it.clock.advance(100)
  it.clock.advance(1)
  const response = await call
  expect([response.status, await response.text()]).toEqual([200, 'fast'])
  expect(it.requests()).toBe(2)
  expect(it.backends.map(({ requests }) => requests[0]?.body ?? '')).toEqual([body ?? '', body ?? ''])
  expect(it.records).toMatchObject([{ attempts: 2, flags: '-' }])
  await until(() => it.status()?.limits.requests.now === 0)
  // the connection of the one that was reset is closed, the other's is kept
  await until(() => it.backends.reduce((sum, { connections }) => sum + connections, 0) === 1)
})

test('the first may still answer: what it says is passed on, the second is reset', async () => {
  let release: () => void = () => undefined
  const held = new Promise<void>((resolve) => (release = resolve))
  let calls = 0
  const handler = () => (calls++ === 0 ? { after: held, body: 'first' } : hang)
  const it = await world({ hedgeOnPerTryTimeout: true }, handler, handler)
  const call = it.m.fetch('http://svc/')
  await until(() => it.requests() === 1)
  it.clock.advance(101)
  await until(() => it.requests() === 2)
  release()
  expect(await (await call).text()).toBe('first')
  const first = it.backends.find(({ requests }) => requests[0]?.header('x-envoy-attempt-count') === '1')
  expect(it.records).toMatchObject([{ attempts: 2, flags: '-', endpoint: first?.authority }])
  await until(() => it.status()?.limits.requests.now === 0)
})

test('Retry-After is obeyed where the policy says so', async () => {
  let calls = 0
  const it = await world({ rateLimitedBackoff: { headers: [{ name: 'retry-after', format: 'seconds' }] } }, () =>
    calls++ === 0 ? { status: 503, headers: ['retry-after', '7'] } : { body: 'later' },
  )
  const call = it.m.fetch('http://svc/')
  await until(() => it.requests() === 1 && it.status()?.limits.retries.now === 1)
  it.clock.advance(6_999)
  expect(it.requests()).toBe(1)
  it.clock.advance(3_501)
  expect(await (await call).text()).toBe('later')
})

test('closing the mesh ends what waits for a retry', async () => {
  const it = await world({ backoffBaseMs: 60_000, backoffMaxMs: 60_000 }, () => ({ status: 503 }))
  const call = it.m.fetch('http://svc/')
  await until(() => it.status()?.limits.retries.now === 1)
  await it.m.close()
  const response = await call
  expect([response.status, await response.text()]).toEqual([503, 'the mesh is closed'])
  expect(it.clock.pendingTimers).toBe(0)
})
