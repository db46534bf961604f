// `npm run matrix`: all tests and the tour of the main job on each Node of .ci/nodes, one line per Node.
// Those Nodes live outside the workspaces: inside, npm would put them on the PATH of every `npm run`. Linux x64 only.
import './setup.mjs'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, root, vitest } from './run.mjs'

const nodes = join(root, '.ci', 'nodes')
const names = Object.keys(JSON.parse(readFileSync(join(nodes, 'package.json'), 'utf8')).dependencies)
const install = spawnSync('npm ci', { cwd: nodes, shell: true, encoding: 'utf8', stdio: 'pipe' })
if (install.status !== 0) {
  console.error(install.stderr)
  process.exit(1)
}
if (!build()) process.exit(1)

const lines = names.map((name) => {
  const node = join(nodes, 'node_modules', name, 'bin', 'node')
  const { passed, failed, skipped } = vitest([], { node })
  const tour = spawnSync(node, ['examples/bookinfo/dist/main.js', '--tour'], { cwd: root, encoding: 'utf8' })
  if (tour.status !== 0) console.error(`${name} tour:\n${tour.stdout}${tour.stderr}`)
  if (failed > 0 || tour.status !== 0) process.exitCode = 1
  return `${name}: ${passed} passed, ${failed} failed, ${skipped} skipped; tour ${tour.status === 0 ? 'ok' : 'FAILED'}`
})
console.log(lines.join('\n'))
