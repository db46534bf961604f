// ERRORS.md lists every code that the product can show, and no other.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const page = readFileSync(new URL('../../ERRORS.md', import.meta.url), 'utf8')
const codeSource = ['istio', 'feed', 'xds']
  .map((name) => readFileSync(new URL(`../../packages/${name}/src/codes.ts`, import.meta.url), 'utf8'))
  .join('\n')
const errorSource = readFileSync(new URL('../../packages/core/src/base/error.ts', import.meta.url), 'utf8')
const listed = new Set([...page.matchAll(/^\| `([A-Z0-9_]+)` \|/gm)].map((row) => row[1]))
const problemCodes = [...codeSource.matchAll(/^ {2}([A-Z0-9_]+):/gm)].map((row) => row[1])
const meshErrors = [...errorSource.matchAll(/^ {2}\| '([A-Z_]+)'/gm)].map((member) => member[1])

test('every problem code and every MeshError code has its row, and every row its code', () => {
  const known = new Set([...problemCodes, ...meshErrors])
  expect(problemCodes.length).toBeGreaterThan(30)
  expect(meshErrors.length).toBeGreaterThan(10)
  expect([...known].filter((code) => !listed.has(code))).toEqual([])
  expect([...listed].filter((code) => code !== undefined && !known.has(code))).toEqual([])
})
