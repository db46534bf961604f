// Rows about timeouts, retries and faults.
import { expect } from 'vitest'
import { type Case, row } from '../case.ts'
import { reviewsPolicy, to, virtualService, type World } from '../world.ts'

function routed(rest: string, destination = 'reviews/v1'): string {
  return virtualService('reviews', to(destination, rest))
}

async function call(w: World): Promise<{ status: number; flags: string; attempts: number; body: string }> {
  return w.get('http://reviews:9080/')
}

export const retryCases: readonly Case[] = [
  row('C069', 'without a timeout an answer may take 20 s', async (w) => {
    await w.configure(routed(''))
    w.answer('e1', { after: w.elapsed(20_000) })
    expect((await call(w)).status).toBe(200)
  }),
  row('C071', 'timeout 10s (seed): 504 UT', async (w) => {
    await w.configure(routed('timeout: 10s'))
    w.answer('e1', { after: w.elapsed(11_000) })
    expect(await call(w)).toMatchObject({ status: 504, flags: 'UT', body: 'upstream request timeout' })
  }),
  row('C072', 'after the head the timeout breaks the body', async (w) => {
    await w.configure(routed('timeout: 200ms'))
    w.answer('e1', { instead: 'half-hang', body: 'x'.repeat(100) })
    const response = await w.flow(w.mesh.fetch('http://reviews:9080/'))
    expect(response.status).toBe(200)
    await expect(w.flow(response.text())).rejects.toThrow('terminated')
  }),
  row('C074', 'perTryTimeout with retryOn 5xx: 4 tries', async (w) => {
    await w.configure(routed('retries: {attempts: 3, perTryTimeout: 2s, retryOn: 5xx}'))
    w.answer('e1', { instead: 'hang' })
    expect(await call(w)).toMatchObject({ status: 504, flags: 'URX,UT', attempts: 4 })
  }),
  row('C075', 'a perTryTimeout that is not below the timeout is not used', async (w) => {
    await w.configure(routed('timeout: 300ms\nretries: {attempts: 3, perTryTimeout: 300ms, retryOn: 5xx}'))
    w.answer('e1', { instead: 'hang' })
    expect(await call(w)).toMatchObject({ status: 504, flags: 'UT', attempts: 1 })
  }),
  row('C078', 'a delay for 0.1 % (seed) is 1000 of a million', async (w) => {
    await w.configure(routed('fault: {delay: {percentage: {value: 0.1}, fixedDelay: 5s}}'))
    expect(String(w.mesh.explain({ url: 'http://reviews:9080/' }))).toContain('delay of 5000 ms for 0.1 % of calls')
  }),
  row('C079', 'x-envoy-upstream-rq-timeout-ms is obeyed only when trusted', async (w) => {
    for (const [trustRequestHeaders, status] of [
      [false, 504],
      [true, 200],
    ] as const) {
      await w.configure(routed('timeout: 200ms'), { trustRequestHeaders })
      w.answer('e1', () => ({ after: w.elapsed(400) }))
      const outcome = await w.get('http://reviews:9080/', { 'x-envoy-upstream-rq-timeout-ms': '1000' })
      expect(outcome.status).toBe(status)
      expect(outcome.received?.header('x-envoy-upstream-rq-timeout-ms')).toBeUndefined()
    }
  }),
  row('C080', 'by default a refused connection is tried on another host', async (w) => {
    await w.configure('')
    await w.stop('e1')
    await w.stop('e2')
    const outcome = await w.get('http://reviews:9080/')
    expect(outcome.status).toBe(200)
    expect(outcome.served).toBe('e3')
  }),
  row('C081', 'by default a 503 is not retried', async (w) => {
    await w.configure(routed(''))
    w.answer('e1', { status: 503 })
    expect(await call(w)).toMatchObject({ status: 503, attempts: 1 })
  }),
  row('C082', 'by default a connection closed after the request is 503 UC, once', async (w) => {
    await w.configure(routed(''))
    w.answer('e1', { instead: 'close' })
    expect(await call(w)).toMatchObject({ status: 503, flags: 'UC', attempts: 1 })
  }),
  row('C083', 'attempts 0 switches retries off', async (w) => {
    await w.configure(routed('retries: {attempts: 0}'))
    await w.stop('e1')
    expect(await call(w)).toMatchObject({ status: 503, flags: 'UF', attempts: 1 })
  }),
  row('C084', 'numbers in retryOn are statuses', async (w) => {
    await w.configure(routed('retries: {attempts: 2, retryOn: "503,reset"}'))
    w.answer('e1', { status: 503 })
    expect(await call(w)).toMatchObject({ status: 503, attempts: 3, flags: 'URX' })
    w.answer('e1', { status: 502 })
    expect(await call(w)).toMatchObject({ status: 502, attempts: 1 })
  }),
  row('C086', 'gateway-error retries 503, not 500', async (w) => {
    await w.configure(routed('retries: {attempts: 2, retryOn: gateway-error}'))
    w.answer('e1', { status: 500 })
    expect(await call(w)).toMatchObject({ attempts: 1 })
    w.answer('e1', { status: 503 })
    expect(await call(w)).toMatchObject({ attempts: 3 })
  }),
  row('C087', 'retriable-4xx is 409 only', async (w) => {
    await w.configure(routed('retries: {attempts: 1, retryOn: retriable-4xx}'))
    w.answer('e1', { status: 409 })
    expect(await call(w)).toMatchObject({ attempts: 2 })
    w.answer('e1', { status: 404 })
    expect(await call(w)).toMatchObject({ attempts: 1 })
  }),
  row('C088', 'x-envoy-ratelimited suppresses other conditions', async (w) => {
    await w.configure(routed('retries: {attempts: 1, retryOn: 5xx}'))
    w.answer('e1', { status: 503, headers: ['x-envoy-ratelimited', 'true'] })
    expect(await call(w)).toMatchObject({ status: 503, attempts: 1 })
  }),
  row('C090', 'unavailable looks at grpc-status only', async (w) => {
    await w.configure(routed('retries: {attempts: 1, retryOn: unavailable}'))
    w.answer('e1', { status: 503 })
    expect(await call(w)).toMatchObject({ attempts: 1 })
    w.answer('e1', { status: 200, headers: ['grpc-status', '14'] })
    expect(await call(w)).toMatchObject({ attempts: 2 })
  }),
  row('C092', 'the first three of four tries go to three hosts', async (w) => {
    await w.configure(virtualService('reviews', to('reviews', 'retries: {attempts: 3, retryOn: 5xx}')))
    for (const name of ['e1', 'e2', 'e3']) w.answer(name, { status: 503 })
    let distinct = 0
    for (let i = 0; i < 20; i++) {
      const before = w.arrivals.length
      expect(await call(w)).toMatchObject({ attempts: 4 })
      distinct += new Set(w.arrivals.slice(before, before + 3).map(({ backend }) => backend)).size === 3 ? 1 : 0
    }
    // a host is avoided by at most 5 more picks: 2/3 to the 6th of the third tries fail at it
    expect(distinct).toBeGreaterThanOrEqual(14)
  }),
  row('C094', 'back-off windows with base 100 ms', async (w) => {
    await w.configure(routed('retries: {attempts: 6, retryOn: 5xx, backoff: 100ms}'))
    w.answer('e1', { status: 503 })
    expect(await call(w)).toMatchObject({ attempts: 7 })
    const waits = w.arrivals.slice(1).map(({ at }, i) => at - (w.arrivals[i]?.at ?? 0))
    const slack = 30
    ;[100, 200, 400, 800, 1000, 1000].forEach((window, i) => expect(waits[i]).toBeLessThan(window + slack))
  }),
  row('C095', 'a body is sent again, the same', async (w) => {
    await w.configure(routed('retries: {attempts: 1, retryOn: 5xx}'))
    w.backend('e1').answerNext({ status: 503 })
    expect((await w.call('http://reviews:9080/', { method: 'POST', body: 'the body' })).status).toBe(200)
    expect(w.backend('e1').requests.map(({ body }) => body)).toEqual(['the body', 'the body'])
  }),
  row('C096', 'a stream beyond the limit is not retried', async (w) => {
    await w.configure(routed('retries: {attempts: 2, retryOn: 5xx}'), { maxReplayBytes: 10 })
    w.answer('e1', { status: 503 })
    const stream = (size: number): RequestInit => ({
      method: 'POST',
      body: new Blob(['x'.repeat(size)]).stream(),
      duplex: 'half',
    })
    await w.flow(w.mesh.fetch('http://reviews:9080/', stream(5)))
    expect(w.arrivals).toHaveLength(3)
    await w.flow(w.mesh.fetch('http://reviews:9080/', stream(500)))
    expect(w.arrivals).toHaveLength(4)
  }),
  row('C100', 'maxRetries 1: the second retry at the same time is not made', async (w) => {
    await w.configure(
      `${reviewsPolicy('    connectionPool: {http: {maxRetries: 1}}\n')}---\n${routed('retries: {attempts: 1, retryOn: 5xx, backoff: 100ms}')}`,
    )
    w.answer('e1', { status: 503 })
    const responses = await w.flow(Promise.all([1, 2].map(() => w.mesh.fetch('http://reviews:9080/'))))
    expect(responses.map(({ status }) => status)).toEqual([503, 503])
    expect(w.arrivals).toHaveLength(3)
  }),
  row('C131', 'a plain request is not bound by grpc-timeout', async (w) => {
    await w.configure(routed(''))
    w.answer('e1', () => ({ after: w.elapsed(400) }))
    expect((await w.get('http://reviews:9080/', { 'grpc-timeout': '100m' })).status).toBe(200)
  }),
  row('C132', 'aborts by status and by gRPC status', async (w) => {
    await w.configure(routed('fault: {abort: {httpStatus: 555, percentage: {value: 100}}}'))
    const grpc = await w.get('http://reviews:9080/', { 'content-type': 'application/grpc' })
    expect([grpc.status, grpc.headers.get('grpc-status')]).toEqual([200, '2'])
    await w.configure(routed('fault: {abort: {grpcStatus: UNAVAILABLE, percentage: {value: 100}}}'))
    expect(await call(w)).toMatchObject({ status: 200, body: 'fault filter abort', flags: 'FI' })
  }),
  row('C133', 'an unknown route is UNIMPLEMENTED for gRPC', async (w) => {
    await w.configure(virtualService('reviews', to('reviews', 'match: [{uri: {prefix: /x}}]')))
    const grpc = await w.get('http://reviews:9080/', { 'content-type': 'application/grpc' })
    expect([grpc.status, grpc.headers.get('grpc-status')]).toEqual([200, '12'])
  }),
  row('C134', 'an abort without percentage never happens', async (w) => {
    await w.configure(routed('fault: {abort: {httpStatus: 500}}'))
    expect(await call(w)).toMatchObject({ status: 200 })
  }),
  row('C140', 'an abort during back-off ends the call', async (w) => {
    await w.configure(routed('retries: {attempts: 3, retryOn: 5xx, backoff: 10s}'))
    w.answer('e1', { status: 503 })
    const controller = new AbortController()
    const failed = w.mesh.fetch('http://reviews:9080/', { signal: controller.signal }).then(
      () => undefined,
      (error: unknown) => error,
    )
    while (w.arrivals.length === 0) await w.quiet()
    await w.quiet()
    controller.abort()
    expect(await failed).toMatchObject({ name: 'AbortError' })
    w.clock.advance(60_000)
    await w.quiet()
    expect(w.arrivals).toHaveLength(1)
  }),
]
