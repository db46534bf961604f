// The binary report of load: every field that has a name, and what is cut off or made up.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readLoadReport } from './load-report.ts'

const double = (field: number, value: number): Buffer => {
  const bytes = Buffer.alloc(9)
  bytes[0] = (field << 3) | 1
  bytes.writeDoubleLE(value, 1)
  return bytes
}
const nested = (field: number, content: Buffer): Buffer =>
  Buffer.concat([Buffer.from([(field << 3) | 2, content.length]), content])
const entry = (field: number, key: string, value: number): Buffer =>
  nested(field, Buffer.concat([nested(1, Buffer.from(key)), double(2, value)]))

test('A51 A64 numbers and maps of numbers are read by their names', () => {
  const report = Buffer.concat([
    double(1, 0.5),
    double(2, 0.25),
    entry(8, 'queue', 3),
    entry(8, 'other', 4),
    entry(5, 'disk', 0.75),
    Buffer.from([(3 << 3) | 0, 7]),
    double(9, 0.125),
  ])
  expect(JSON.parse(readLoadReport(report).slice('JSON '.length))).toEqual({
    cpu_utilization: 0.5,
    mem_utilization: 0.25,
    named_metrics: { queue: 3, other: 4 },
    utilization: { disk: 0.75 },
    application_utilization: 0.125,
  })
})

test('no bytes throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      expect(readLoadReport(Buffer.from(bytes))).toMatch(/^JSON \{/)
    }),
  )
})
