// Go programs that peers are: built once into the cache outside the tree, under a name that holds the hash of all that makes them.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface GoBuild {
  /** For people, and of the directory in the cache. */
  readonly name: string
  /** Folder of go.mod and its sources. */
  readonly sources: string
  /** Packages by the names of their binaries. */
  readonly packages: Readonly<Record<string, string>>
  readonly flags?: readonly string[]
  readonly timeoutMs: number
}

/** The folder of the binaries; undefined where the machine cannot have them, which is a failure with PEERS=require. */
export async function goBinaries(build: GoBuild): Promise<string | undefined> {
  const { name, packages } = build
  const cache = process.env['PROXYLESS_CACHE'] ?? join(homedir(), '.cache', 'proxyless')
  const folder = join(cache, `${name}-${recipeHash(build)}`)
  try {
    mkdirSync(folder, { recursive: true })
    for (const binary of Object.keys(packages)) await buildOnce(build, join(folder, binary), packages[binary] ?? '')
    return folder
  } catch (error) {
    const why = `${name} cannot be built: ${error instanceof Error ? error.message : String(error)}`
    // pins that the module proxy no longer serves are to be renewed, and are no failure of ours
    const unserved = /404 Not Found|410 Gone|unknown revision/.test(why)
    if (process.env['PEERS'] === 'require' && !unserved) throw new Error(why, { cause: error })
    console.warn(`skipped: ${why}`)
    return undefined
  }
}

/** Beside its place first, so that nobody sees half of it. */
async function buildOnce({ sources, flags = [], timeoutMs }: GoBuild, path: string, source: string): Promise<void> {
  if (existsSync(path)) return
  const draft = `${path}.${process.pid}`
  const env = { ...process.env, CGO_ENABLED: '0' }
  const args = ['build', '-trimpath', '-buildvcs=false', ...flags, '-o', draft, source]
  await run('go', args, { cwd: sources, env, timeout: timeoutMs, maxBuffer: 2 ** 26 })
  renameSync(draft, path)
}

function recipeHash({ sources, packages, flags }: GoBuild): string {
  const hash = createHash('sha256').update(JSON.stringify([packages, flags]))
  for (const file of readdirSync(sources).toSorted()) hash.update(file).update(readFileSync(join(sources, file)))
  return hash.digest('hex').slice(0, 16)
}
