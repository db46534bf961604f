import { Metadata, status as codes } from '@grpc/grpc-js'
import { SeededRandom, VirtualClock } from '@proxyless/core/spi'
import { expect, test } from 'vitest'
import type { CallListener, CallStream } from './call-stream.ts'
import type { Line } from './line.ts'
import { LoadStream } from './load-stream.ts'

/** `cpu_utilization: 0.5` */
const report = Buffer.concat([Buffer.from([0x09]), Buffer.from(new Float64Array([0.5]).buffer)])

interface Asked {
  readonly atMs: number
  readonly request: Buffer
  readonly listener: CallListener
  cancelled: boolean
}

function world(periodMs = 10_000): {
  clock: VirtualClock
  asked: Asked[]
  heard: string[]
  line: { active: number }
  stream: LoadStream
} {
  const clock = new VirtualClock()
  const asked: Asked[] = []
  const heard: string[] = []
  const createCall = (method: string, authority: string): CallStream => {
    expect([method, authority]).toEqual(['/xds.service.orca.v3.OpenRcaService/StreamCoreMetrics', 'svc'])
    let listener: CallListener
    return {
      start: (_metadata: Metadata, given: CallListener) => void (listener = given),
      sendMessageWithContext: (_context: object, request: Buffer) =>
        void asked.push({ atMs: clock.now(), request, listener, cancelled: false }),
      halfClose: () => undefined,
      startRead: () => undefined,
      cancelWithStatus: () => void (asked.at(-1)!.cancelled = true),
    } as unknown as CallStream
  }
  const line = { createCall, active: 0, served: 1 }
  const stream = new LoadStream(line satisfies Pick<Line, keyof typeof line>, {
    clock,
    random: new SeededRandom(1),
    authority: 'svc',
    periodMs,
    idleTimeoutMs: 60_000,
    report: (text) => heard.push(text),
    idle: () => heard.push('idle'),
  })
  stream.start()
  return { clock, asked, heard, line, stream }
}

const end = (code: codes) => ({ code, details: '', metadata: new Metadata() })

test('A51 the interval is asked for, and reports are read as they come', () => {
  const { asked, heard } = world(12_345)
  // report_interval { seconds: 12, nanos: 345000000 }
  expect(asked[0]?.request.toString('hex')).toBe('0a08080c10c090c1a401')
  for (let i = 0; i < 2; i++) asked[0]?.listener.onReceiveMessage(report)
  expect(heard).toEqual(['JSON {"cpu_utilization":0.5}', 'JSON {"cpu_utilization":0.5}'])
})

test('A51 a stream that fails is begun again, later each time; one that has reported at once', () => {
  const { clock, asked } = world()
  for (let i = 0; i < 3; i++) {
    asked.at(-1)?.listener.onReceiveStatus(end(codes.UNAVAILABLE))
    clock.advance(10_000)
  }
  const pauses = asked.slice(1).map(({ atMs }) => atMs % 10_000)
  for (const [n, about] of [1_000, 1_600, 2_560].entries()) {
    expect(Math.abs((pauses[n] ?? 0) - about)).toBeLessThanOrEqual(about * 0.2)
  }
  asked.at(-1)?.listener.onReceiveMessage(report)
  asked.at(-1)?.listener.onReceiveStatus(end(codes.OK))
  clock.advance(0)
  expect(asked.length).toBe(5)
})

test('A51 a server that has no such service is not asked again', () => {
  const { clock, asked } = world()
  asked[0]?.listener.onReceiveStatus(end(codes.UNIMPLEMENTED))
  clock.advance(1_000_000)
  expect([asked.length, clock.pendingTimers]).toEqual([1, 0])
})

test('one that is stopped is cancelled, and neither heard nor begun again', () => {
  const { clock, asked, heard, stream } = world()
  stream.stop()
  asked[0]?.listener.onReceiveMessage(report)
  asked[0]?.listener.onReceiveStatus(end(codes.CANCELLED))
  clock.advance(1_000_000)
  expect([asked.length, asked[0]?.cancelled, heard]).toEqual([1, true, []])
})

test('reports alone keep no connection', () => {
  const { clock, asked, heard, line } = world()
  const tell = (): void => asked[0]?.listener.onReceiveMessage(report)
  tell()
  line.active = 1
  clock.advance(70_000)
  tell()
  line.active = 0
  clock.advance(50_000)
  tell()
  expect(heard).not.toContain('idle')
  clock.advance(10_000)
  tell()
  expect(heard.at(-1)).toBe('idle')
})
