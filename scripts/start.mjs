// `npm start [-- ARGS]`: sets up and builds what is missing, then runs the main job, Bookinfo on the mesh; with --grpc its ratings by gRPC before.
import './setup.mjs'
import { spawn, spawnSync } from 'node:child_process'
import { constants } from 'node:os'
import { build, root } from './run.mjs'

if (!build()) process.exit(1)

if (process.argv.includes('--grpc')) {
  const { status } = spawnSync(process.execPath, ['examples/grpc/dist/main.js'], { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

const child = spawn(process.execPath, ['examples/bookinfo/dist/main.js', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    // A terminal's Ctrl-C reaches the whole group: the child has it already.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
  })
}
