// The page of options is true.
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'

test('every option of xds has a row in OPTIONS.md', async () => {
  const page = await readFile(new URL('../../../OPTIONS.md', import.meta.url), 'utf8')
  const source = await readFile(new URL('./options.ts', import.meta.url), 'utf8')
  const [, section = ''] = /^## `xds\(options\)`$(.*?)^## /ms.exec(page) ?? []
  const [, fields = ''] = /^export interface XdsOptions \{$(.*?)^\}/ms.exec(source) ?? []
  const known = [...fields.matchAll(/^ {2}readonly (\w+)\?:/gm)].map((field) => field[1])
  expect(known).toContain('dialect')
  expect(new Set([...section.matchAll(/^\| `(\w+)` \|/gm)].map((row) => row[1]))).toEqual(new Set(known))
})
