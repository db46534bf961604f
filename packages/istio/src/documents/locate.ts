// The line and column of a path in a document's text. Found by parsing the one document again, on demand.
import type { Position } from '@proxyless/core/spi'
import { isMap, isScalar, isSeq } from 'yaml'
import type { Document, LineCounter, Node } from 'yaml'
import type { Chunk } from './chunk.ts'
import { parseWithPositions } from './parse.ts'
import { parsePath } from './path.ts'
import type { PathKey } from './path.ts'

const parses = new WeakMap<Chunk, { document: Document; lines: LineCounter }>()

/** Position of the value at `path`, or of its key for `key: true`; the nearest parent when it does not exist. */
export function locatePath(chunk: Chunk, path: readonly PathKey[] | string, key = false): Position {
  let parse = parses.get(chunk)
  if (parse === undefined) parses.set(chunk, (parse = parseWithPositions(chunk)))
  const offset = offsetOf(parse.document, typeof path === 'string' ? parsePath(path) : path, key)
  const { line, col } = parse.lines.linePos(offset)
  return { source: chunk.source, line: line + chunk.firstLine, column: col }
}

function offsetOf(document: Document, path: readonly PathKey[], wantKey: boolean): number {
  let node: unknown = document.contents
  let offset = startOf(node) ?? 0
  for (const [index, step] of path.entries()) {
    const last = index === path.length - 1
    if (isSeq(node) && typeof step === 'number') {
      node = node.items[step]
    } else if (isMap(node)) {
      const pair = node.items.find((item) => sameKey(item.key, step))
      if (pair === undefined) return offset
      if (last && wantKey) return startOf(pair.key) ?? offset
      offset = startOf(pair.key) ?? offset
      node = pair.value
    } else {
      return offset
    }
    offset = startOf(node) ?? offset
  }
  return offset
}

function sameKey(key: unknown, step: PathKey): boolean {
  const text = isScalar(key) ? String(key.value) : String(key)
  return text === String(step) || text.replace(/_([a-z\d])/g, (_, letter: string) => letter.toUpperCase()) === step
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0]
}
