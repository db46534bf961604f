// Keeps both CPUs from halting while calls are measured: an idle machine shows more CPU per call than a busy one.
// SCHED_IDLE, so that they take nothing from anybody; they end with their parent, or after a quarter of an hour.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

const spin = `
  const end = Date.now() + 900_000
  process.stdin.on('end', () => process.exit()).resume()
  const turn = () => { const until = Date.now() + 20; while (Date.now() < until); if (until < end) setImmediate(turn) }
  turn()`

export function startSpinners(): { stop(): void; readonly running: boolean } {
  if (spawnSync('chrt', ['-i', '0', 'true']).status !== 0) return { stop: () => undefined, running: false }
  const count = Math.min(2, availableParallelism())
  const spinners = Array.from({ length: count }, (): ChildProcess =>
    spawn('chrt', ['-i', '0', process.execPath, '-e', spin], { stdio: ['pipe', 'ignore', 'ignore'] }),
  )
  return { stop: () => spinners.forEach((spinner) => spinner.kill()), running: true }
}
