// Istio's messages as packages/xds reads them are those of the module that the istiod of these suites is built with.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { goBinaries } from '../go-binaries.ts'

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const known = at('../../../packages/xds/protos')

test('the module is the same', () => {
  const versionIn = (folder: string): string | undefined =>
    /^\s+istio\.io\/api (\S+)$/m.exec(readFileSync(join(at(folder), 'go.mod'), 'utf8'))?.[1]
  expect(versionIn('messages')).toMatch(/^v/)
  expect(versionIn('messages')).toBe(versionIn('binaries'))
})

test('fields, numbers and types are those of the module', async ({ skip }) => {
  const sources = at('messages')
  const folder = await goBinaries({ name: 'istio-messages', sources, packages: { dump: '.' }, timeoutMs: 600_000 })
  if (folder === undefined) return skip('Go is not here')
  const fresh = mkdtempSync(join(tmpdir(), 'proxyless-messages-'))
  execFileSync(join(folder, 'dump'), [fresh])
  expect(filesOf(known)).toEqual(filesOf(fresh))
  rmSync(fresh, { recursive: true })
}, 900_000)

function filesOf(directory: string): Record<string, string> {
  const paths = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.proto'))
  return Object.fromEntries(paths.toSorted().map((path) => [path, readFileSync(join(directory, path), 'utf8')]))
}
