import type { Problem } from 'proxyless'
import { expect, test } from 'vitest'
import { problemLine } from './problem-line.ts'

const problem: Problem = {
  code: 'INVALID_VALUE',
  severity: 'error',
  outcome: 'kept',
  resource: 'VirtualService default/reviews',
  path: 'spec.http[0].timeout',
  message: 'not a duration',
  source: '/tmp/mesh/reviews.yaml',
  line: 9,
  column: 14,
}

test('the table names the last refused document with its place', () => {
  expect(problemLine([problem, { ...problem, line: 12 }])).toBe(
    'refused reviews.yaml:12:14 VirtualService default/reviews: not a duration; the version before stays (and 1 more)',
  )
})

test('the table says nothing of warnings', () => {
  expect(problemLine([{ ...problem, severity: 'warning' }])).toBe('')
})
