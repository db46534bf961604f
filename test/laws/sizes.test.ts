// The law of sizes: half of the source files have under 100 lines, nine of ten under 300.
import { expect, test } from 'vitest'
import { packages, sources } from './tree.ts'

const files = sources(...packages().map((name) => `packages/${name}/src`))
  .filter((source) => !source.isTest)
  .toSorted((a, b) => a.lines - b.lines)

test.each([
  ['half', 50, 100],
  ['nine of ten', 90, 300],
])('%s of the source files (p%d) are shorter than %d lines', (_, share, limit) => {
  // Nearest rank: the smallest size that at least this share of the files does not exceed.
  const rank = Math.max(0, Math.ceil((files.length * share) / 100) - 1)
  const lines = files[rank]?.lines ?? 0
  const longest = files.slice(rank).map((file) => `${file.path}:${file.lines}: ${file.lines} lines`)
  expect(lines < limit ? [] : longest).toEqual([])
})
