// Programs of Debian packages: the machine's own, or the package unpacked in the cache, which installs and starts nothing.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const downloadTimeoutMs = 120_000

export interface DebianProgram {
  /** Of the package. */
  readonly name: string
  /** Of the program in it. */
  readonly path: string
  /** Arguments with which it ends at once, and well. */
  readonly proof: readonly string[]
}

/** The binary, or undefined where the machine has none: a failure with PEERS=require. */
export async function debianOrSkip({ name, path, proof }: DebianProgram): Promise<string | undefined> {
  const own = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin']
    .map((folder) => join(folder, basename(path)))
    .find(existsSync)
  if (own !== undefined) return own
  const home = join(process.env['PROXYLESS_CACHE'] ?? join(homedir(), '.cache', 'proxyless'), name)
  const binary = join(home, path)
  if (existsSync(binary)) return binary
  try {
    await unpack(name, home)
    await run(binary, [...proof])
    return binary
  } catch (error) {
    const reason = (error as Error).message.trim().split('\n').at(-1)
    const message = `no ${name} here, and Debian's package cannot be had (${reason}); \`apt-get install ${name}\` helps`
    if (process.env['PEERS'] === 'require') throw new Error(`PEERS=require: ${message}`, { cause: error })
    console.warn(`skipped: ${message}`)
    return undefined
  }
}

/** Beside its place first, so that nobody sees half of it. */
async function unpack(name: string, home: string): Promise<void> {
  mkdirSync(dirname(home), { recursive: true })
  const draft = mkdtempSync(`${home}-`)
  try {
    const download = (): Promise<unknown> =>
      run('apt-get', ['download', '-q', name], { cwd: draft, timeout: downloadTimeoutMs })
    await download().catch(async () => {
      await run('apt-get', ['update', '-q'], { timeout: downloadTimeoutMs })
      await download()
    })
    const file = readdirSync(draft).find((entry) => entry.endsWith('.deb')) ?? ''
    await run('dpkg-deb', ['-x', join(draft, file), join(draft, 'root')])
    rmSync(home, { recursive: true, force: true })
    renameSync(join(draft, 'root'), home)
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}
