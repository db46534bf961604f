// Words that YAML 1.1 (and so Kubernetes) reads as booleans and YAML 1.2 as text.
import { isScalar, visit } from 'yaml'
import type { Document } from 'yaml'

const WORD = /^(?:y|yes|n|no|on|off)$/i
const MAYBE = /(?:^|[\s\-,:[{])(?:y|yes|n|no|on|off)\s*(?:$|[,:#\]}])/im

/** Cheap test: false means that the text holds no such word. */
export function mayHoldYaml11Booleans(text: string): boolean {
  return MAYBE.test(text)
}

/** The unquoted words with their offsets. */
export function findYaml11Booleans(document: Document): { word: string; offset: number }[] {
  const found: { word: string; offset: number }[] = []
  visit(document, {
    Scalar(_key, node) {
      if (isScalar(node) && node.type === 'PLAIN' && typeof node.value === 'string' && WORD.test(node.value)) {
        found.push({ word: node.value, offset: node.range?.[0] ?? 0 })
      }
    },
  })
  return found
}
