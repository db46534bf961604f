// All resources that are in force: the last good version of each. A bad document never empties the mesh.
// Remembers what every text held, so that unchanged texts are not read again.
import type { DocumentText, Problem } from '@proxyless/core/spi'
import type { Pace } from '../pace.ts'
import type { Chunk } from './chunk.ts'
import { locatePath } from './locate.ts'
import { problemOf } from './problem.ts'
import { readText } from './read-text.ts'
import type { TextContent } from './read-text.ts'
import type { ReadOptions } from './read-resource.ts'
import type { Resource } from './resource.ts'

export interface Shelf {
  /** In the order of the texts; kept ones keep their old place at the end. */
  readonly resources: readonly Resource[]
  readonly problems: readonly Problem[]
}

interface Known {
  readonly text: string
  readonly content: TextContent
}

export class Library {
  readonly #options: ReadOptions
  #known = new Map<string, Known>()
  #inForce: ReadonlyMap<string, Resource> = new Map()

  constructor(options: ReadOptions) {
    this.#options = options
  }

  async update(texts: readonly DocumentText[], pace: Pace): Promise<Shelf> {
    const known = new Map<string, Known>()
    for (const text of texts) {
      const key = keyOf(text)
      const before = this.#known.get(key)
      const content = before?.text === text.text ? before.content : await readText(text, this.#options, pace)
      known.set(key, { text: text.text, content })
    }
    const contents = [...known].map(([key, { content }]) => ({ key, content }))
    const shelf = this.#settle(contents)
    this.#known = known
    return shelf
  }

  #settle(contents: readonly { key: string; content: TextContent }[]): Shelf {
    const problems: Problem[] = []
    const inForce = new Map<string, Resource>()
    for (const { content } of contents)
      for (const resource of content.accepted) this.#accept(resource, inForce, problems)
    for (const { key, content } of contents) {
      for (const refused of content.refused) {
        const previous = this.#inForce.get(refused.id)
        const keep = previous !== undefined && outranks(previous.chunk, inForce.get(refused.id)?.chunk)
        if (keep) inForce.set(refused.id, previous)
        problems.push(...refused.problems(keep ? 'kept' : 'void'))
      }
      if (content.unreadable.length > 0) {
        const kept = this.#keepAllOf(key, inForce)
        problems.push(...content.unreadable.map((problem) => problem(kept ? 'kept' : 'void')))
      }
      problems.push(...content.notes)
    }
    this.#keepInsteadOfFailing(inForce, problems)
    this.#inForce = inForce
    return { resources: [...inForce.values()], problems }
  }

  /** Which documents a broken text lost is unknown, so all stay that it held and that are nowhere now. */
  #keepAllOf(key: string, inForce: Map<string, Resource>): boolean {
    let kept = false
    for (const [id, resource] of this.#inForce) {
      if (keyOfChunk(resource.chunk) !== key || !outranks(resource.chunk, inForce.get(id)?.chunk)) continue
      inForce.set(id, resource)
      kept = true
    }
    return kept
  }

  /** A rule that would close its host gives way to its last good version. */
  #keepInsteadOfFailing(inForce: Map<string, Resource>, problems: Problem[]): void {
    for (const [id, resource] of inForce) {
      const previous = this.#inForce.get(id)
      const keep = resource.failClosed && previous !== undefined && !previous.failClosed
      const outcome = !resource.failClosed ? 'applied' : keep ? 'kept' : 'void'
      for (const finding of resource.findings) problems.push(problemOf(finding, resource, outcome))
      if (keep) inForce.set(id, previous)
    }
  }

  /** Of two documents that are one resource the later is used; under `strict` it is refused. */
  #accept(resource: Resource, inForce: Map<string, Resource>, problems: Problem[]): void {
    const earlier = inForce.get(resource.id)
    if (earlier === undefined) {
      inForce.set(resource.id, resource)
      return
    }
    if (earlier.chunk.layer !== resource.chunk.layer) {
      replace(inForce, resource)
      return
    }
    const { strict } = this.#options
    const place = locatePath(earlier.chunk, earlier.root)
    const message = `${resource.id} appears twice; ${strict ? 'this one is left out in favour' : 'this one is used instead'} of ${place.source}:${place.line}`
    const finding = { code: 'DUPLICATE_RESOURCE', severity: strict ? 'error' : 'warning', path: '', message } as const
    problems.push(problemOf(finding, resource, strict ? 'kept' : 'applied'))
    if (strict) return
    replace(inForce, resource)
  }
}

function replace(inForce: Map<string, Resource>, resource: Resource): void {
  inForce.delete(resource.id)
  inForce.set(resource.id, resource)
}

/** What was in force stays, unless something new of the same layer or a later one is there. */
function outranks(kept: Chunk, present: Chunk | undefined): boolean {
  return present === undefined || kept.layer > present.layer
}

function keyOf({ name, layer = 0 }: DocumentText): string {
  return `${layer} ${name}`
}

function keyOfChunk({ source, layer }: Chunk): string {
  return `${layer} ${source}`
}
