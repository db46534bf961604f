// `npm run matrix [-- clients]`: unmodified clients on every Node of .ci/nodes with every undici there, loaded before the mesh is
// installed and after; without `clients` also all tests and the tour of the main job on each Node.
import './setup.mjs'
import { fork, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { build, close, root, vitest } from './run.mjs'

if (!build()) process.exit(1)
const { nodes, undicis } = await import('./nodes.mjs')
const counts = { passed: 0, failed: 0, skipped: 0 }

for (const node of nodes) {
  for (const undici of undicis) for (const order of ['before', 'after']) await runCell(node, undici, order)
}
if (!process.argv.includes('clients')) for (const node of nodes) runAllOn(node)
close(counts)

async function runCell(node, undici, order) {
  const cell = `${node.name} ${undici.name} loaded ${order}`
  // undici 8 needs what Node 20 has not
  if (node.name === 'node20' && undici.name === 'undici8') return
  const results = await resultsOf(node, undici, order)
  const failures = results.filter(({ failure }) => failure !== undefined)
  for (const { name, failure } of failures) console.log(` FAIL ${cell}: ${name}: ${failure}`)
  if (failures.length === 0) console.log(`ok   ${cell}: ${results.length} cases`)
  counts.passed += results.length - failures.length
  counts.failed += failures.length
}

function resultsOf(node, undici, order) {
  const flags = node.name === 'node20' ? ['--experimental-websocket', '--no-warnings'] : []
  const child = fork(join(root, 'test/matrix/cell.mjs'), [undici.path, order], { execPath: node.path, execArgv: flags })
  const hung = setTimeout(() => child.kill('SIGKILL'), 120_000)
  return new Promise((resolve) => {
    let results
    child.on('message', (message) => (results = message))
    child.on('exit', (code, signal) => {
      clearTimeout(hung)
      resolve(results ?? [{ name: 'the cell itself', failure: `ended with ${code ?? signal} and no results` }])
    })
  })
}

function runAllOn({ name, path }) {
  const tests = vitest([], { node: path })
  for (const kind of ['passed', 'failed', 'skipped']) counts[kind] += tests[kind]
  const tour = spawnSync(path, ['examples/bookinfo/dist/main.js', '--tour'], { cwd: root, encoding: 'utf8' })
  if (tour.status === 0) counts.passed++
  else {
    counts.failed++
    console.error(`${name} tour:\n${tour.stdout}${tour.stderr}`)
  }
  console.log(`${name}: ${tests.passed} passed, ${tests.failed} failed; tour ${tour.status === 0 ? 'ok' : 'FAILED'}`)
}
