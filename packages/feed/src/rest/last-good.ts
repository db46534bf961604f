// What is worth keeping of a configuration that was applied: documents that were refused give way to what they were before.
import type { DocumentText, Problem } from '@proxyless/core/spi'
import type { Holding } from './holding.ts'

/** Problems by which documents of these texts were refused. */
export function rejections(texts: readonly DocumentText[], problems: readonly Problem[]): readonly Problem[] {
  const ours = new Set(texts.map(({ name }) => name))
  return problems.filter(
    ({ severity, outcome, source }) => severity === 'error' && outcome !== 'applied' && ours.has(source ?? ''),
  )
}

/**
 * The part of a holding that is good; undefined when that cannot be told: of a text that holds many documents.
 * Where it is not all of it, it has no version, so that the whole is asked for again.
 */
export function goodPart(
  holding: Holding,
  refused: readonly Problem[],
  before: Holding | undefined,
): Holding | undefined {
  if (refused.length === 0) return holding
  if (holding.documents === undefined) return undefined
  const bad = new Set(refused.map(({ source }) => source))
  const documents = new Map<string, DocumentText>()
  for (const [key, text] of holding.documents) {
    const good = bad.has(text.name) ? before?.documents?.get(key) : text
    if (good !== undefined) documents.set(key, good)
  }
  return { ...holding, version: '', etag: undefined, documents, texts: [...documents.values()] }
}
