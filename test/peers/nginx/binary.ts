// Where the real nginx is: the machine's own, or Debian's package unpacked in the cache, which installs and starts nothing.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const downloadTimeoutMs = 120_000

/** The binary, or undefined where the machine has none: a failure with PEERS=require. */
export async function nginxOrSkip(): Promise<string | undefined> {
  const own = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin']
    .map((folder) => join(folder, 'nginx'))
    .find(existsSync)
  if (own !== undefined) return own
  const home = join(process.env['PROXYLESS_CACHE'] ?? join(homedir(), '.cache', 'proxyless'), 'nginx')
  const binary = join(home, 'usr', 'sbin', 'nginx')
  if (existsSync(binary)) return binary
  try {
    await unpack(home)
    await run(binary, ['-v'])
    return binary
  } catch (error) {
    const reason = (error as Error).message.trim().split('\n').at(-1)
    const message = `no nginx here, and Debian's package cannot be had (${reason}); \`apt-get install nginx-light\` helps`
    if (process.env['PEERS'] === 'require') throw new Error(`PEERS=require: ${message}`, { cause: error })
    console.warn(`skipped: ${message}`)
    return undefined
  }
}

/** Beside its place first, so that nobody sees half of it. */
async function unpack(home: string): Promise<void> {
  mkdirSync(dirname(home), { recursive: true })
  const draft = mkdtempSync(`${home}-`)
  try {
    const download = (): Promise<unknown> =>
      run('apt-get', ['download', '-q', 'nginx'], { cwd: draft, timeout: downloadTimeoutMs })
    await download().catch(async () => {
      await run('apt-get', ['update', '-q'], { timeout: downloadTimeoutMs })
      await download()
    })
    const file = readdirSync(draft).find((name) => name.endsWith('.deb')) ?? ''
    await run('dpkg-deb', ['-x', join(draft, file), join(draft, 'root')])
    rmSync(home, { recursive: true, force: true })
    renameSync(join(draft, 'root'), home)
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}
