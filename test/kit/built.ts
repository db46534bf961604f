// The packages as they are published: for tests that start processes of their own, which cannot run from the sources on every Node.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Builds what is out of date. @throws Error with what the compiler says */
export function buildPackages(): void {
  // `npm test` has built already
  if (process.env['PROXYLESS_BUILT'] === '1') return
  const tsc = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url))
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-b', 'tsconfig.build.json'], { cwd: root })
  if (status !== 0) throw new Error(String(stdout))
}
