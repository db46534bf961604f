import { expect, test } from 'vitest'
import { readLoadReport } from './load-report.ts'

const double = (field: number, value: number): Buffer => {
  const bytes = Buffer.alloc(9, (field << 3) | 1)
  bytes.writeDoubleLE(value, 1)
  return bytes
}
const entry = Buffer.concat([Buffer.from([0x0a, 1, 97]), double(2, 0.5)])

test('what balancers weigh is read, and what load is broken down by', () => {
  const map = Buffer.concat([Buffer.from([(5 << 3) | 2, entry.length]), entry])
  const report = Buffer.concat([double(1, 0.25), map, double(6, 100), double(7, 3), double(9, 0.75)])
  expect(readLoadReport(report)).toBe(
    'JSON {"cpu_utilization":0.25,"utilization":{"a":0.5},"rps_fractional":100,"eps":3,"application_utilization":0.75}',
  )
})

test('the older whole number of requests is read too', () => {
  expect(readLoadReport(Buffer.from([3 << 3, 0xac, 0x02]))).toBe('JSON {"rps":300}')
})

test.each([
  ['nothing', Buffer.alloc(0)],
  ['a double that is cut off', double(1, 1).subarray(0, 5)],
  ['a length beyond the end', Buffer.from([(5 << 3) | 2, 200, 1])],
  ['a wire type that is none', Buffer.from([7])],
])('%s says nothing', (_what, bytes) => {
  expect(readLoadReport(bytes)).toBe('JSON {}')
})
