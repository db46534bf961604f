// One fs.watch per directory, as a hint that something may have changed; the sweep of the file source finds what they miss.
// Never a source of truth: a watch that cannot be had is simply not there.
import { watch } from 'node:fs'
import { join } from 'node:path'
import type { FSWatcher } from 'node:fs'

interface Watch {
  readonly identity: string
  readonly watcher: FSWatcher
}

export class DirectoryWatches {
  readonly #hint: (path: string) => void
  readonly #watches = new Map<string, Watch>()

  constructor(hint: (path: string) => void) {
    this.#hint = hint
  }

  /** Watches exactly these directories; one that was replaced under the same path is watched anew. */
  follow(directories: ReadonlyMap<string, string>): void {
    for (const [path, { identity }] of this.#watches) {
      if (directories.get(path) !== identity) this.#drop(path)
    }
    for (const [path, identity] of directories) {
      if (!this.#watches.has(path)) this.#add(path, identity)
    }
  }

  close(): void {
    for (const path of this.#watches.keys()) this.#drop(path)
  }

  #add(path: string, identity: string): void {
    try {
      const watcher = watch(path, { persistent: false }, (_event, name) => this.#hint(join(path, name ?? '')))
      watcher.on('error', () => this.#drop(path))
      this.#watches.set(path, { identity, watcher })
    } catch {
      // out of watches, or the directory went away: the sweep sees to it
    }
  }

  #drop(path: string): void {
    this.#watches.get(path)?.watcher.close()
    this.#watches.delete(path)
  }
}
