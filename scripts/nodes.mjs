// The versions of Node and undici that the matrix runs on: installed once per list, outside the repository and its workspaces.
// Inside, npm would put those Nodes on the PATH of every `npm run`. Linux x64 only.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { root } from './run.mjs'

const list = join(root, '.ci', 'nodes')
const hash = createHash('sha256')
  .update(readFileSync(join(list, 'package-lock.json')))
  .digest('hex')
  .slice(0, 16)
const home = join(homedir(), '.cache', 'proxyless', `nodes-${hash}`)

if (!existsSync(home)) {
  const making = `${home}.${process.pid}`
  mkdirSync(making, { recursive: true })
  for (const file of ['package.json', 'package-lock.json', '.npmrc']) cpSync(join(list, file), join(making, file))
  const { status, stderr } = spawnSync('npm ci', { cwd: making, shell: true, encoding: 'utf8', stdio: 'pipe' })
  if (status !== 0) {
    console.error(stderr)
    process.exit(1)
  }
  // whole or not at all; somebody else may have been faster
  if (existsSync(home)) rmSync(making, { recursive: true })
  else renameSync(making, home)
}

const names = Object.keys(JSON.parse(readFileSync(join(list, 'package.json'), 'utf8')).dependencies)

/** Names and executables. */
export const nodes = names
  .filter((name) => name.startsWith('node'))
  .map((name) => ({ name, path: join(home, 'node_modules', name, 'bin', 'node') }))

/** Names and entry points. */
export const undicis = names
  .filter((name) => name.startsWith('undici'))
  .map((name) => ({ name, path: join(home, 'node_modules', name, 'index.js') }))
