// What people are told of resources: those refused, those that are missing, and what of the others is not applied.
// Kept by resource, so that only what changed is looked at.
import type { Problem } from '@proxyless/core/spi'
import { withoutPlaces } from '../decode/reading.ts'
import { type StreamKind, WILDCARD } from '../stream/kinds.ts'
import { sameList } from './same-list.ts'
import { type Cache, WIRE_NAMES } from './cache.ts'

export interface Whence {
  readonly server: string
  readonly node: string
}

type Names = Readonly<Partial<Record<StreamKind, ReadonlySet<string>>>>

const none: ReadonlySet<string> = new Set()

export class Problems {
  readonly #kinds: readonly StreamKind[]
  readonly #byKind: ReadonlyMap<StreamKind, Map<string, readonly Problem[]>>
  #parts: readonly (readonly Problem[])[] = []
  #list: readonly Problem[] = []
  #listed: Names | undefined
  #changed = false

  constructor(kinds: readonly StreamKind[]) {
    this.#kinds = kinds
    this.#byKind = new Map(kinds.map((kind) => [kind, new Map()]))
  }

  /** The resource may have changed. */
  look(cache: Cache, kind: StreamKind, name: string, from: Whence): void {
    const problems = this.#byKind.get(kind)!
    const before = problems.get(name) ?? []
    const now = problemsOf(cache, kind, name, from)
    if (before.length + now.length === 0 || JSON.stringify(before) === JSON.stringify(now)) return
    if (now.length === 0) problems.delete(name)
    else problems.set(name, now)
    this.#changed = true
  }

  /** Those of wanted resources; the same list while they are the same. */
  list(wants: Names): readonly Problem[] {
    const same = this.#kinds.every((kind) => this.#byKind.get(kind)!.size === 0 || this.#listed?.[kind] === wants[kind])
    if (this.#changed || !same) {
      const parts = this.#kinds.flatMap((kind) => [...this.#of(kind, wants[kind] ?? none)])
      if (!sameList(parts, this.#parts)) {
        this.#parts = parts
        this.#list = onceEach(parts.flat())
      }
    }
    this.#changed = false
    this.#listed = wants
    return this.#list
  }

  *#of(kind: StreamKind, wanted: ReadonlySet<string>): Generator<readonly Problem[]> {
    const all = wanted.has(WILDCARD)
    for (const [name, problems] of this.#byKind.get(kind)!) if (all || wanted.has(name)) yield problems
  }
}

/** Of many resources of a kind that say the same, the first by name is told of. */
function onceEach(problems: readonly Problem[]): readonly Problem[] {
  const first = new Map<string, Problem>()
  for (const problem of problems) {
    const known = first.get(likenessOf(problem))
    if (known === undefined || problem.resource < known.resource) first.set(likenessOf(problem), problem)
  }
  return problems.filter((problem) => first.get(likenessOf(problem)) === problem)
}

function likenessOf({ code, resource, message }: Problem): string {
  if (code !== 'XDS_NOT_APPLIED') return `${code} ${resource}`
  return `${resource.slice(0, resource.indexOf(' '))} ${withoutPlaces(message)}`
}

function problemsOf(cache: Cache, kind: StreamKind, name: string, { server, node }: Whence): Problem[] {
  const entry = cache.entry(kind, name)
  const resource = `${WIRE_NAMES[kind]} ${name}`.trimEnd()
  const problems: Problem[] = []
  const notes = (entry?.known?.value as { readonly notes?: readonly string[] } | undefined)?.notes ?? []
  for (const message of notes) {
    problems.push({
      code: 'XDS_NOT_APPLIED',
      severity: 'info',
      outcome: 'applied',
      resource,
      path: '',
      message,
      source: server,
    })
  }
  if (entry === undefined || entry.state === 'acked' || entry.state === 'requested') return problems
  problems.push({
    code: entry.state === 'nacked' ? 'XDS_REFUSED' : 'XDS_MISSING',
    severity: 'error',
    outcome: entry.known === undefined ? 'void' : 'kept',
    resource,
    path: '',
    message: `${entry.error ?? entry.state} (server ${server}, node ${node})`,
    source: server,
  })
  return problems
}
