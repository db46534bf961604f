// The documents on stage: a temporary copy of mesh/, with variants from steps/ put in place of the files they are named after.
// The repository itself is never written to. Files appear by renaming, so that nobody reads half of one.
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { registryDocuments } from './registry.ts'
import type { RunningInstance } from './registry.ts'

const base = fileURLToPath(new URL('../../mesh', import.meta.url))
const steps = fileURLToPath(new URL('../../steps', import.meta.url))

/** Where the variants lie; `reviews.all-v1.yaml` is a variant of `reviews.yaml`. */
export const stepsDirectory: string = steps

export class Documents {
  /** The directory that the meshes watch. */
  readonly directory: string
  readonly #root: string

  private constructor(root: string) {
    this.#root = root
    this.directory = join(root, 'mesh')
  }

  static async create(): Promise<Documents> {
    const documents = new Documents(await mkdtemp(join(tmpdir(), 'bookinfo-')))
    await mkdir(documents.directory)
    for (const name of await readdir(base)) await copyFile(join(base, name), join(documents.directory, name))
    return documents
  }

  async writeRegistry(instances: readonly RunningInstance[]): Promise<void> {
    await this.#put('registry.yaml', registryDocuments(instances))
  }

  /** Puts the base set on stage with these variants in it. True when that changed anything. */
  async play(...variants: readonly string[]): Promise<boolean> {
    const wanted = new Map<string, string>()
    for (const name of await readdir(base)) wanted.set(name, await readFile(join(base, name), 'utf8'))
    for (const variant of variants) {
      wanted.set(`${variant.split('.')[0]}.yaml`, await readFile(join(steps, `${variant}.yaml`), 'utf8'))
    }
    let changed = false
    for (const name of await readdir(this.directory)) {
      if (name === 'registry.yaml' || wanted.has(name)) continue
      await rm(join(this.directory, name))
      changed = true
    }
    for (const [name, text] of wanted) {
      const before = await readFile(join(this.directory, name), 'utf8').catch(() => undefined)
      if (before === text) continue
      await this.#put(name, text)
      changed = true
    }
    return changed
  }

  async remove(): Promise<void> {
    await rm(this.#root, { recursive: true, force: true })
  }

  async #put(name: string, text: string): Promise<void> {
    const temporary = join(this.#root, name)
    await writeFile(temporary, text)
    await rename(temporary, join(this.directory, name))
  }
}
