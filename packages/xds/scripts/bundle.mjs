// Makes a few files of the two hundred built ones: importing the package then takes a third of the time, most of which is looking for files.
// `bundle.mjs DIR` writes them into DIR; without it they take the place of the built ones, for packing (`tsc -b --force` makes those again).
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const others = Object.keys(dependencies)

const given = process.argv[2]
const dir = given ?? mkdtempSync(join(root, '.bundle-'))
const bundle = await rolldown({
  input: Object.fromEntries(['index', 'wire', 'documents'].map((name) => [name, join(dist, `${name}.js`)])),
  external: (id) => others.some((name) => id === name || id.startsWith(`${name}/`)),
  platform: 'node',
})
await bundle.write({ dir, format: 'esm', chunkFileNames: 'chunk-[hash].js' })
await bundle.close()

if (given === undefined) {
  for (const file of readdirSync(dist, { recursive: true })) if (/\.js(\.map)?$/.test(file)) rmSync(join(dist, file))
  cpSync(dir, dist, { recursive: true })
  rmSync(dir, { recursive: true })
}
