// Compiled routes of one virtual host: the first whose conditions all hold wins.
// Generic in what a route carries. Long tables are indexed by path; the answer is the same as of a plain scan.
import { type CompiledMatch, type Condition, firstMiss, holds, literalStart } from './matchers.ts'
import type { Matchable } from './request-view.ts'

export interface RouteEntry<T> {
  readonly match: CompiledMatch
  readonly payload: T
}

/** Hears of every route that was tried and did not match. */
export type RejectionRecorder<T> = (entry: RouteEntry<T>, miss: Condition) => void

/** Below this many routes a plain scan is as fast as the index. */
const indexFrom = 16

export class RouteTable<T> {
  readonly entries: readonly RouteEntry<T>[]
  readonly #index: PathIndex | undefined
  readonly #steps: readonly Scan<T>[]

  constructor(entries: readonly RouteEntry<T>[]) {
    this.entries = entries
    this.#index = entries.length >= indexFrom ? new PathIndex(entries.map((entry) => entry.match)) : undefined
    this.#steps = this.#index === undefined ? scanOf(entries) : []
  }

  /** The first route that matches. With a recorder every route is tried in order. */
  find(request: Matchable, recorder?: RejectionRecorder<T>): RouteEntry<T> | undefined {
    if (this.#index !== undefined && recorder === undefined) {
      const found = this.#index.first(request)
      return found === -1 ? undefined : this.entries[found]
    }
    return recorder === undefined ? this.#scan(request) : this.#trace(request, recorder)
  }

  #scan(request: Matchable): RouteEntry<T> | undefined {
    const steps = this.#steps
    let at = 0
    while (at < steps.length) {
      const step = steps[at]
      if (step === undefined) return undefined
      if (step.condition !== undefined && !holds(step.condition, request)) at = step.onMiss
      else if (step.found !== undefined) return step.found
      else at++
    }
    return undefined
  }

  #trace(request: Matchable, recorder: RejectionRecorder<T>): RouteEntry<T> | undefined {
    for (const entry of this.entries) {
      const miss = firstMiss(entry.match, request)
      if (miss === undefined) return entry
      recorder(entry, miss)
    }
    return undefined
  }
}

/** All conditions of a short table in one row, so that a scan is one loop. */
interface Scan<T> {
  /** undefined: holds always. */
  readonly condition: Condition | undefined
  /** Where the next route begins. */
  readonly onMiss: number
  /** The route, at its last condition. */
  readonly found: RouteEntry<T> | undefined
}

function scanOf<T>(entries: readonly RouteEntry<T>[]): Scan<T>[] {
  const steps: Scan<T>[] = []
  for (const entry of entries) {
    const { conditions } = entry.match
    const onMiss = steps.length + Math.max(1, conditions.length)
    if (conditions.length === 0) steps.push({ condition: undefined, onMiss, found: entry })
    conditions.forEach((condition, i) => {
      steps.push({ condition, onMiss, found: i === conditions.length - 1 ? entry : undefined })
    })
  }
  return steps
}

interface TrieNode {
  readonly children: Map<number, TrieNode>
  /** Routes whose path may match once the request's path begins with this node's text; ascending. */
  readonly here: number[]
}

/** Routes by the literal beginning of their path. */
class PathIndex {
  readonly #matches: readonly CompiledMatch[]
  readonly #exact = new Map<string, number[]>()
  readonly #root: TrieNode = { children: new Map(), here: [] }

  constructor(matches: readonly CompiledMatch[]) {
    this.#matches = matches
    matches.forEach((match, position) => this.#insert(match, position))
  }

  /** Position of the first route that matches, or -1. */
  first(request: Matchable): number {
    const { path } = request
    let best = this.#matches.length
    const exact = this.#exact.get(path)
    if (exact !== undefined) best = this.#firstOf(exact, best, request)
    let node: TrieNode | undefined = this.#root
    for (let depth = 0; node !== undefined; depth++) {
      if (node.here.length > 0) best = this.#firstOf(node.here, best, request)
      node = depth < path.length ? node.children.get(path.charCodeAt(depth)) : undefined
    }
    return best === this.#matches.length ? -1 : best
  }

  #firstOf(positions: readonly number[], best: number, request: Matchable): number {
    for (const position of positions) {
      if (position >= best) return best
      const match = this.#matches[position]
      if (match !== undefined && firstMiss(match, request) === undefined) return position
    }
    return best
  }

  #insert(match: CompiledMatch, position: number): void {
    const { path } = match
    if (path.kind === 'exact' && !path.ignoreCase) {
      const list = this.#exact.get(path.value)
      if (list === undefined) this.#exact.set(path.value, [position])
      else list.push(position)
      return
    }
    let node = this.#root
    const literal = startOf(path)
    for (let i = 0; i < literal.length; i++) {
      const code = literal.charCodeAt(i)
      let child = node.children.get(code)
      if (child === undefined) {
        child = { children: new Map(), here: [] }
        node.children.set(code, child)
      }
      node = child
    }
    node.here.push(position)
  }
}

/** Text that every matching path must begin with. */
function startOf(path: CompiledMatch['path']): string {
  if (path.kind === 'regex') return literalStart(path.value)
  return path.ignoreCase ? '' : path.value
}
