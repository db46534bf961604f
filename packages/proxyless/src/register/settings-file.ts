// proxyless.yaml: the same options as createMesh takes, each with the place where it stands.
import { readFileSync } from 'node:fs'
import { isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml'
import type { Setting } from './settings.ts'
import { Wrong } from './wrong.ts'

/** @throws Wrong for what is not YAML or no mapping; Error when it cannot be read */
export function readSettingsFile(path: string, shown: string): Setting[] {
  const lines = new LineCounter()
  const document = parseDocument(readFileSync(path, 'utf8'), { lineCounter: lines, prettyErrors: false })
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${shown}:${line}:${col}`
  }
  const [error] = document.errors
  if (error !== undefined) throw new Wrong(`${place(error.pos[0])}: ${error.message}`)
  const { contents } = document
  if (contents === null) return []
  if (!isMap(contents)) throw new Wrong(`${place(offsetOf(contents))}: must be a mapping such as "config: ./mesh"`)
  return contents.items.map(({ key, value }) => ({
    option: isScalar(key) ? String(key.value) : String(key),
    value: (value as Node | null)?.toJS(document) as unknown,
    place: place(offsetOf(key as Node)),
  }))
}

function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0
}
