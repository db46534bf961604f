// Every rule of an xDS client has a test whose name cites its id: of streams (T), delta (D), existence (E), connections (B), order (O),
// data errors (X), fallback (F), federation (N), time to live (L), polling (J), load (R), status (C); and each defect of grpc-js-xds.
import { expect, test } from 'vitest'
import { sources } from './tree.ts'

const counts = { T: 13, D: 6, E: 5, B: 5, O: 3, X: 5, F: 4, N: 4, L: 1, J: 1, R: 5, C: 1, 'defect ': 12 }
const rules = Object.entries(counts).flatMap(([prefix, count]) =>
  Array.from({ length: count }, (_, n) => `${prefix}${n + 1}`),
)

const tests = sources('packages/xds/src', 'test/peers', 'test/xds')
  .filter(({ path }) => /\.(test|peer)\.ts$/.test(path))
  .map(({ code }) => code)
  .join('\n')

test.each(rules)('%s', (rule) => {
  // a name, or a row of a table of them, begins with the ids that it cites
  expect(new RegExp(`['"\`](?:[A-Z]\\d+ )*${rule}[ :]`).test(tests)).toBe(true)
})
