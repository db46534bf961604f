// What a fault on the wire comes to: status, flags, attempts, and which conditions retry it; SEMANTICS 5.3, 7.2, 13.2, 14.
// Time is virtual: a deadline passes when a test says so.
import { describe, expect, test } from 'vitest'
import { VirtualClock, type OutlierDetection, type RetryCondition } from '@proxyless/core/spi'
import type { CallRecord } from 'proxyless'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { type Fault, type FaultProxy, startFaultProxy } from '../kit/fault-proxy.ts'
import { backend, closeAfterEach, mesh, opened } from '../kit/opened.ts'
import type { TestMesh } from '../kit/mesh.ts'
import { until } from '../kit/until.ts'

closeAfterEach()

const policy = {
  numRetries: 1,
  retriableStatusCodes: [],
  perTryTimeoutMs: 2_000,
  backoffBaseMs: 1,
  backoffMaxMs: 1,
  avoidPreviousHosts: false,
  retryOtherPriorities: false,
}
const outlierDetection: OutlierDetection = {
  consecutive5xx: 1,
  consecutiveGatewayFailure: 0,
  splitExternalLocalOriginErrors: false,
  consecutiveLocalOriginFailure: 0,
  intervalMs: 10_000,
  baseEjectionTimeMs: 30_000,
  maxEjectionTimeMs: 300_000,
  maxEjectionPercent: 1,
}

interface World {
  readonly proxy: FaultProxy
  readonly m: TestMesh
  readonly clock: VirtualClock
  readonly records: CallRecord[]
}

/** One endpoint behind a proxy, whose body is ten bytes. */
async function world(retryOn: readonly RetryCondition[], chunked: boolean, ejects = false): Promise<World> {
  const length = chunked ? ['transfer-encoding', 'chunked'] : ['content-length', '10']
  const b = await backend({ handler: () => ({ headers: length, body: '0123456789' }) })
  const proxy = opened(await startFaultProxy(b))
  const clock = new VirtualClock()
  const records: CallRecord[] = []
  const toC = route(forward('c', { timeoutMs: 5_000, retry: { ...policy, retryOn } }))
  const c = cluster('c', [endpoint(proxy.authority)], ejects ? { outlierDetection } : {})
  const observer = { callEnded: (record: CallRecord) => void records.push(record) }
  const m = await mesh(config([host(['svc'], [toC])], [c]), { clock, observer })
  return { proxy, m, clock, records }
}

/** Status and body of one call; null: it broke. Back-off takes no time; where the wire stalls a deadline passes. */
async function get({ proxy, m, clock }: World, fault?: Fault): Promise<{ status: number; body: string | null }> {
  const before = proxy.accepted + proxy.requests
  let over = false
  const call = (async () => {
    try {
      const response = await m.fetch('http://svc/')
      return { status: response.status, body: await response.text().catch(() => null) }
    } finally {
      over = true
    }
  })()
  if (fault?.by === 'stall') {
    await until(() => proxy.accepted + proxy.requests > before + (fault.at === 'accept' ? 0 : 1))
    for (let turn = 0; turn < 50; turn++) await anEvent()
    clock.advance(
      fault.at === 'head' || (typeof fault.at === 'object' && 'bodyBytes' in fault.at) ? 5_000 : policy.perTryTimeoutMs,
    )
  }
  while (!over) {
    await anEvent()
    clock.advance(0)
  }
  return call
}

function anEvent(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

const noResponse: readonly RetryCondition[] = ['reset', '5xx', 'gateway-error']
const all: readonly RetryCondition[] = [...noResponse, 'reset-before-request', 'connect-failure', 'refused-stream']

describe('before the head', () => {
  test.each<[string, Fault, status: number, flags: string]>([
    ['a reset at accept', { at: 'accept', by: 'reset' }, 503, 'UC'],
    ['a close at accept', { at: 'accept', by: 'close' }, 503, 'UC'],
    ['a half-close at accept', { at: 'accept', by: 'half-close' }, 503, 'UC'],
    ['a stall at accept', { at: 'accept', by: 'stall' }, 504, 'UT'],
    ['a reset instead of an answer', { at: 'answer', by: 'reset' }, 503, 'UC'],
    ['a close instead of an answer', { at: 'answer', by: 'close' }, 503, 'UC'],
    ['a half-close instead of an answer', { at: 'answer', by: 'half-close' }, 503, 'UC'],
    ['a stall instead of an answer', { at: 'answer', by: 'stall' }, 504, 'UT'],
    ['a reset within the head', { at: { headBytes: 20 }, by: 'reset' }, 502, 'UPE'],
    ['a close within the head', { at: { headBytes: 20 }, by: 'close' }, 502, 'UPE'],
    ['a stall within the head', { at: { headBytes: 20 }, by: 'stall' }, 504, 'UT'],
  ])('%s is retried where there was no response, and else ends with its flag', async (_, fault, status, flags) => {
    for (const condition of all) {
      const it = await world([condition], false, true)
      it.proxy.fault = fault
      // one endpoint that was ejected could not be picked again: the panic threshold is 0
      const { status: got } = await get(it, fault)
      const retried = noResponse.includes(condition)
      expect([condition, got, it.records[0]?.attempts]).toEqual([condition, retried ? 503 : status, 1])
      expect([condition, it.records[0]?.flags]).toEqual([condition, retried ? 'UH' : flags])
      expect([condition, it.m.status().clusters.find(({ name }) => name === 'c')?.ejectionsActive]).toEqual([
        condition,
        1,
      ])
    }
    const it = await world(noResponse, false)
    it.proxy.faultNext(fault)
    expect(await get(it, fault)).toEqual({ status: 200, body: '0123456789' })
    expect(it.records).toMatchObject([{ attempts: 2, flags: '-', status: 200 }])
    expect(it.proxy.accepted).toBe(2)
  })

  test('the limit of retries adds URX, and the body tells the latest reason', async () => {
    const it = await world(['reset'], false)
    it.proxy.fault = { at: 'answer', by: 'reset' }
    expect(await get(it)).toEqual({
      status: 503,
      body: 'upstream connect error or disconnect/reset before headers. retried and the latest reset reason: connection termination',
    })
    expect(it.records.at(-1)).toMatchObject({ attempts: 2, flags: 'URX,UC' })
    expect(it.proxy.requests).toBe(2)
  })

  test('C082 a kept connection that is reset after the second request was sent is no reset-before-request', async () => {
    const it = await world(['reset-before-request', 'connect-failure', 'refused-stream'], false)
    it.proxy.faultNext({ at: 'answer', by: 'reset', onRequest: 2 })
    expect(await get(it)).toMatchObject({ status: 200 })
    expect(await get(it)).toMatchObject({ status: 503 })
    expect(it.records[1]).toMatchObject({ attempts: 1, flags: 'UC' })
    expect([it.proxy.accepted, it.proxy.requests]).toEqual([1, 2])
  })
})

describe('after the head', () => {
  test.each<[string, Fault, chunked: boolean, flags: string]>([
    ['a reset right after it', { at: 'head', by: 'reset' }, false, 'UPE'],
    ['a close right after it', { at: 'head', by: 'close' }, false, 'UPE'],
    ['a stall right after it', { at: 'head', by: 'stall' }, false, 'UT'],
    ['a body shorter than its content-length', { at: { bodyBytes: 4 }, by: 'close' }, false, 'UPE'],
    ['the same with a half-close', { at: { bodyBytes: 4 }, by: 'half-close' }, false, 'UPE'],
    ['a chunked body without an end', { at: { bodyBytes: 8 }, by: 'close' }, true, 'UPE'],
    ['a reset in a chunked body', { at: { bodyBytes: 8 }, by: 'reset' }, true, 'UPE'],
    ['a stalled body', { at: { bodyBytes: 4 }, by: 'stall' }, false, 'UT'],
  ])('%s breaks the body of a 200; nothing is retried, nobody ejected', async (_, fault, chunked, flags) => {
    const it = await world(all, chunked, true)
    it.proxy.fault = fault
    expect(await get(it, fault)).toEqual({ status: 200, body: null })
    expect(it.records).toMatchObject([{ attempts: 1, flags, status: 200 }])
    expect(it.proxy.requests).toBe(1)
    const c = it.m.status().clusters.find(({ name }) => name === 'c')
    expect([c?.ejectionsActive, c?.limits.requests.now, c?.endpoints[0]?.activeRequests]).toEqual([0, 0, 0])
  })

  test('slow bytes are only slow', async () => {
    const it = await world(all, false)
    it.proxy.fault = { msPerByte: 0 }
    const response = await it.m.fetch('http://svc/')
    expect([response.status, await response.text()]).toEqual([200, '0123456789'])
    expect(it.records).toMatchObject([{ attempts: 1, flags: '-' }])
  })
})
