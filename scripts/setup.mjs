// Installs what is missing: `npm ci`, only when package-lock.json is not the one that node_modules was made from.
// The other scripts import it first, so that each of them works as the only command on a fresh clone.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './run.mjs'

const mark = join(root, 'node_modules', '.proxyless-lock')
const hash = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex')

if (!existsSync(mark) || readFileSync(mark, 'utf8') !== hash) {
  process.stderr.write('setup: npm ci ... ')
  const start = Date.now()
  const { status, stdout, stderr } = spawnSync('npm ci', { cwd: root, shell: true, encoding: 'utf8', stdio: 'pipe' })
  if (status !== 0) {
    process.stderr.write(`failed\n${stdout}${stderr}`)
    process.exit(1)
  }
  writeFileSync(mark, hash)
  process.stderr.write(`${((Date.now() - start) / 1000).toFixed(1)} s\n`)
}

// only now: what it runs on may have come by the lines above
await import('./codecs.mjs')
