// Contexts of a call against those that the API makes of the same.
import { type Context, createContextKey, INVALID_SPAN_CONTEXT, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { expect, test } from 'vitest'
import { contextWith, contextWithSpan } from './context-with.ts'

const [inner, outer, other] = ['inner', 'outer', 'other'].map(createContextKey) as [symbol, symbol, symbol]
const span = trace.wrapSpanContext(INVALID_SPAN_CONTEXT)

test('the API finds the span', () => {
  expect(trace.getSpan(contextWithSpan(ROOT_CONTEXT, span))).toBe(span)
})

test.each<[string, (context: Context) => Context]>([
  ['as it is', (context) => context],
  ['with another value', (context) => context.setValue(other, 4)],
  ['with the value set anew', (context) => context.setValue(inner, 5)],
  ['with a value of the one around set anew', (context) => context.setValue(outer, 6)],
  ['without the value', (context) => context.deleteValue(inner)],
  ['without a value of the one around', (context) => context.deleteValue(outer)],
  ['without the span', (context) => trace.deleteSpan(context)],
])('values are those of a context of the API: %s', (_, change) => {
  const around = ROOT_CONTEXT.setValue(outer, 1)
  const ours = change(contextWith(contextWithSpan(around, span), inner, 2))
  const theirs = change(trace.setSpan(around, span).setValue(inner, 2))
  const values = (context: Context): unknown[] => [
    ...[inner, outer, other].map((key) => context.getValue(key)),
    trace.getSpan(context),
  ]
  expect(values(ours)).toEqual(values(theirs))
})
