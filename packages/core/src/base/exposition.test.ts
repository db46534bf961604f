// Prometheus' text format, as its specification words it.
import { expect, test } from 'vitest'
import { metricsText } from './exposition.ts'

test('counters and gauges, with labels and without', () => {
  const text = metricsText([
    { name: 'a_total', help: 'All of a.', type: 'counter', samples: [[{ x: '1', y: 'two' }, 3]] },
    { name: 'b', help: 'B now.', type: 'gauge', samples: [[{}, 0.5]] },
    { name: 'none', help: 'Nothing.', type: 'gauge', samples: [] },
  ])
  expect(text.split('\n')).toEqual([
    '# HELP a_total All of a.',
    '# TYPE a_total counter',
    'a_total{x="1",y="two"} 3',
    '# HELP b B now.',
    '# TYPE b gauge',
    'b 0.5',
    '',
  ])
})

test('buckets of a histogram count all below their bound', () => {
  const text = metricsText([
    {
      name: 'h',
      help: 'H.',
      type: 'histogram',
      bounds: [1, 5],
      samples: [[{ x: 'y' }, { counts: [2, 0, 1], sum: 12 }]],
    },
  ])
  expect(text.split('\n').slice(2)).toEqual([
    'h_bucket{x="y",le="1"} 2',
    'h_bucket{x="y",le="5"} 2',
    'h_bucket{x="y",le="+Inf"} 3',
    'h_sum{x="y"} 12',
    'h_count{x="y"} 3',
    '',
  ])
})

test('values of labels are escaped', () => {
  const text = metricsText([{ name: 'a', help: 'A.', type: 'gauge', samples: [[{ x: 'a"b\\c\nd' }, 1]] }])
  expect(text).toContain(String.raw`a{x="a\"b\\c\nd"} 1`)
})

test('nothing is no text', () => {
  expect(metricsText([])).toBe('')
})
