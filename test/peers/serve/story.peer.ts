// The main job twice: its meshes read the documents, and its meshes ask `proxyless serve`. The story is the same to the last line.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const run = promisify(execFile)
const tourTimeoutMs = 240_000

async function story(...args: readonly string[]): Promise<string[]> {
  const start = ['scripts/start.mjs', '--tour', ...args]
  const { stdout } = await run(process.execPath, start, { cwd: root, timeout: tourTimeoutMs, killSignal: 'SIGTERM' })
  return stdout.split('\n').map(withoutChance)
}

/** What two tours measure of one truth differs in numbers: shares, times, ports. What was expected of them, and was found good, does not. */
function withoutChance(line: string): string {
  if (line.startsWith('   measured')) return line.replaceAll(/\d+(\.\d+)?/g, '#')
  return line.replace(/127\.0\.0\.1:\d+/, '127.0.0.1:#').replace(/, in \d+ s$/, ', in # s')
}

test(
  'npm start -- --tour and npm start -- --tour --xds tell the same story',
  { timeout: 2 * tourTimeoutMs },
  async () => {
    const own = await story()
    expect(own.filter((line) => line.startsWith('   measured')).length).toBeGreaterThan(10)
    expect(own.at(-2)).toMatch(/^(\d+) of \1 steps as expected, in # s$/)
    expect(await story('--xds')).toEqual(own)
  },
)
