// Peak EWMA: who is expected to answer sooner is picked, and who was slow is tried again.
import { describe, expect, test } from 'vitest'
import { VirtualClock } from '../base/clock.ts'
import { SeededRandom } from '../base/random.ts'
import { PeakEwmaPicker } from './peak-ewma.ts'
import { PeakLatency } from './peak-latency.ts'
import { countPicks, hostsOf, pickerSuite, type TestHost } from './picker.suite.ts'
import { TypicalLatency } from './typical-latency.ts'

const decayMs = 10_000
const stopped = { now: () => 0 }

pickerSuite('PeakEwmaPicker', (hosts) => new PeakEwmaPicker(hosts, decayMs, stopped), {
  shares: [{ weights: [1, 1, 1, 1], shares: [0.25, 0.25, 0.25, 0.25] }],
})

function slow(host: TestHost, ms: number, nowMs = 0): TestHost {
  const latency = new PeakLatency()
  latency.observe(ms, nowMs, decayMs)
  return { ...host, latency }
}

describe('the latency that is expected', () => {
  test('jumps up at once and comes down bit by bit', () => {
    const it = new PeakLatency()
    it.observe(10, 0, decayMs)
    it.observe(100, 1_000, decayMs)
    expect(it.expectedMs(1_000, decayMs)).toBe(100)
    it.observe(10, 2_000, decayMs)
    const expected = 100 * Math.exp(-0.1) + 10 * (1 - Math.exp(-0.1))
    expect(it.expectedMs(2_000, decayMs)).toBeCloseTo(expected)
  })

  test('fades without news', () => {
    const it = new PeakLatency()
    it.observe(100, 0, decayMs)
    expect(it.expectedMs(decayMs, decayMs)).toBeCloseTo(100 / Math.E)
  })
})

describe('a pick', () => {
  test('is the faster of two; a slow one never meets itself', () => {
    const hosts = hostsOf(1, 1, 1).map((host, i) => slow(host, i === 0 ? 500 : 10))
    const [first] = countPicks(new PeakEwmaPicker(hosts, decayMs, stopped), hosts, 1_000, new SeededRandom(1))
    expect(first).toBe(0)
  })

  test('a fast host that is busy enough gives way', () => {
    const [fast, idle] = hostsOf(1, 1).map((host, i) => slow(host, i === 0 ? 10 : 50))
    const hosts = [fast!, idle!]
    const picker = new PeakEwmaPicker(hosts, decayMs, stopped)
    expect(picker.pick(new SeededRandom(1))).toBe(fast)
    fast!.activeRequests = 5
    expect(picker.pick(new SeededRandom(1))).toBe(idle)
  })

  test('a host that nobody has heard of gets one request at a time', () => {
    const [known, unknown] = hostsOf(1, 1)
    const hosts = [slow(known!, 10), unknown!]
    const picker = new PeakEwmaPicker(hosts, decayMs, stopped)
    expect(picker.pick(new SeededRandom(1))).toBe(unknown)
    unknown!.activeRequests = 1
    expect(picker.pick(new SeededRandom(1))).toBe(hosts[0])
  })

  test('weights count', () => {
    const [light, heavy] = hostsOf(1, 4).map((host) => slow(host, 10))
    heavy!.activeRequests = 2
    expect(new PeakEwmaPicker([light!, heavy!], decayMs, stopped).pick(new SeededRandom(1))).toBe(heavy)
  })

  test('a host that was slow long ago is tried again', () => {
    const clock = new VirtualClock()
    const [was, is] = hostsOf(1, 1)
    const hosts = [slow(was!, 500), slow(is!, 10)]
    const picker = new PeakEwmaPicker(hosts, decayMs, clock)
    expect(picker.pick(new SeededRandom(1))).toBe(hosts[1])
    clock.advance(60_000)
    hosts[1]!.latency!.observe(10, 60_000, decayMs)
    expect(picker.pick(new SeededRandom(1))).toBe(hosts[0])
  })
})

test('the typical latency walks to the median and is not moved by extremes', () => {
  const it = new TypicalLatency()
  const random = new SeededRandom(1)
  for (let i = 0; i < 2_000; i++) it.observe(i % 10 === 0 ? 60_000 : 50 + (random.uint32() % 100))
  expect(it.medianMs).toBeGreaterThan(70)
  expect(it.medianMs).toBeLessThan(140)
})
