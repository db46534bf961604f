// What the scripts share: the repository's root, running a tool of node_modules, and the closing line.
// Not a script of its own. Scripts run before node_modules exist, so they import node: modules only.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

process.env.TURBO_TELEMETRY_DISABLED ??= '1'

const tools = {
  knip: 'knip/bin/knip.js',
  oxfmt: 'oxfmt/bin/oxfmt',
  oxlint: 'oxlint/bin/oxlint',
  publint: 'publint/src/cli.js',
  tsc: 'typescript/bin/tsc',
  turbo: 'turbo/bin/turbo',
  vitest: 'vitest/vitest.mjs',
}

/** Runs a tool to its end, quietly: what it prints is shown when it fails. True when it exited with 0. */
export function check(name, args) {
  const { status, stdout, stderr } = spawnTool(name, args, { encoding: 'utf8', maxBuffer: 2 ** 26 })
  if (status !== 0) process.stdout.write(stdout + stderr)
  return status === 0
}

export function build(project = 'tsconfig.build.json') {
  return check('tsc', ['-b', project])
}

/** Runs vitest and gives its counts; a run that broke without a failed test counts as one failure. */
export function vitest(args, options = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'proxyless-'))
  const file = join(dir, 'counts.json')
  const env = { ...process.env, PROXYLESS_COUNTS: file }
  const stdio = ['ignore', 'inherit', 'inherit']
  const { status } = spawnTool('vitest', ['run', ...args], { stdio, env, ...options })
  const counts = read(file) ?? { passed: 0, failed: 0, skipped: 0 }
  rmSync(dir, { recursive: true })
  if (status !== 0 && counts.failed === 0) counts.failed = 1
  return counts
}

/** Prints the line that CI reads, as the last one, and sets the exit code. */
export function close({ passed, failed, skipped }) {
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
  process.exitCode = failed > 0 ? 1 : 0
}

function spawnTool(name, args, { node = process.execPath, ...options }) {
  return spawnSync(node, [join(root, 'node_modules', tools[name]), ...args], { cwd: root, ...options })
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}
