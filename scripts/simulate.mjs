// `npm run simulate [-- NAME...]`: builds, then runs the scenarios of test/simulation; without a name it writes SIMULATION.md anew.
import './setup.mjs'
import { spawnSync } from 'node:child_process'
import { build, root } from './run.mjs'

if (!build('test/simulation')) process.exit(1)
const { status } = spawnSync(process.execPath, ['test/simulation/dist/simulation/main.js', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
process.exit(status ?? 1)
