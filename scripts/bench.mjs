// `npm run bench [-- NAME...] [--json]`: builds, then measures us against the base of each bench, side by side.
import './setup.mjs'
import { spawnSync } from 'node:child_process'
import { build, root } from './run.mjs'

if (!build('test/bench')) process.exit(1)
const { status } = spawnSync(process.execPath, ['test/bench/dist/bench/main.js', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
process.exit(status ?? 1)
