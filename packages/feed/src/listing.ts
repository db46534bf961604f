// What lies at a path right now: files with their signatures, directories to watch, and what could not be looked at.
// Looks, never reads a file; called by the file source on each scan.
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { BigIntStats } from 'node:fs'

export interface Listing {
  /** Path of a file to its signature; a file whose signature stayed was not written to. */
  readonly files: ReadonlyMap<string, string>
  /** Path of a directory to the identity of the directory that is there now. */
  readonly directories: ReadonlyMap<string, string>
  /** Path to the reason why nothing is known of it, or of anything below it. */
  readonly failures: ReadonlyMap<string, string>
  /** Equal for two listings exactly when nothing has changed between them. */
  readonly fingerprint: string
}

const documentName = /\.(?:yaml|yml|json)$/i

/** Lists a file, or a directory with all below it. Never rejects: what goes wrong stands in `failures`. */
export async function list(root: string): Promise<Listing> {
  const walk = new Walk()
  await walk.visit(root, [], true)
  const { files, directories, failures } = walk
  return { files, directories, failures, fingerprint: JSON.stringify([files, directories, failures].map(ordered)) }
}

/** Why an operation on a file failed, in few words. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

class Walk {
  readonly files = new Map<string, string>()
  readonly directories = new Map<string, string>()
  readonly failures = new Map<string, string>()

  /** `above` holds the identities of the directories above, so that a link upwards does not go round for ever. */
  async visit(path: string, above: readonly string[], named: boolean): Promise<void> {
    let found: BigIntStats
    try {
      // through symbolic links: a ConfigMap mount is made of them
      found = await stat(path, { bigint: true })
    } catch (error) {
      // an entry of another name is none of our business, also when it is broken
      if (named || documentName.test(path)) this.failures.set(path, reasonOf(error))
      return
    }
    const identity = `${found.dev}:${found.ino}`
    if (found.isDirectory()) {
      if (!above.includes(identity)) await this.#enter(path, identity, [...above, identity])
    } else if (!named && !documentName.test(path)) {
      return
    } else if (found.isFile()) {
      this.files.set(path, `${identity}:${found.size}:${found.mtimeNs}:${found.ctimeNs}`)
    } else {
      this.failures.set(path, 'neither a file nor a directory')
    }
  }

  async #enter(path: string, identity: string, above: readonly string[]): Promise<void> {
    this.directories.set(path, identity)
    try {
      const names = await readdir(path)
      // hidden names are not documents; `..data` and what it points to are reached through the links beside them
      const visible = names.filter((name) => !name.startsWith('.'))
      await Promise.all(visible.map((name) => this.visit(join(path, name), above, false)))
    } catch (error) {
      this.failures.set(path, reasonOf(error))
    }
  }
}

function ordered(entries: ReadonlyMap<string, string>): [string, string][] {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1))
}
