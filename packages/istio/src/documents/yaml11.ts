// Words that YAML 1.1 (and so Kubernetes) reads as booleans and YAML 1.2 as text.
import { isPair, isScalar, isSeq, visit } from 'yaml'
import type { Document } from 'yaml'
import type { PathKey } from './path.ts'

const WORD = /^(?:y|yes|n|no|on|off)$/i
const MAYBE = /(?:^|[\s\-,:[{])(?:y|yes|n|no|on|off)\s*(?:$|[,:#\]}])/im

/** Cheap test: false means that the text holds no such word. */
export function mayHoldYaml11Booleans(text: string): boolean {
  return MAYBE.test(text)
}

export interface Yaml11Boolean {
  readonly word: string
  readonly path: readonly PathKey[]
  readonly offset: number
}

/** The unquoted words and where they stand. */
export function findYaml11Booleans(document: Document): Yaml11Boolean[] {
  const found: Yaml11Boolean[] = []
  visit(document, {
    Scalar(_key, node, parents) {
      if (isScalar(node) && node.type === 'PLAIN' && typeof node.value === 'string' && WORD.test(node.value)) {
        found.push({ word: node.value, path: pathOf([...parents, node]), offset: node.range?.[0] ?? 0 })
      }
    },
  })
  return found
}

function pathOf(nodes: readonly unknown[]): PathKey[] {
  return nodes.flatMap((node, index): PathKey[] => {
    if (isPair(node)) return [String(node.key)]
    return isSeq(node) ? [node.items.indexOf(nodes[index + 1])] : []
  })
}
