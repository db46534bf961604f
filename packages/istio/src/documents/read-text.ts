// One text (a file, a body) to its resources. What it cannot accept it describes; it never throws.
// Called by the library of texts, once per change of a text.
import type { DocumentText, Problem } from '@proxyless/core/spi'
import type { Pace } from '../pace.ts'
import { hashText } from './hash.ts'
import { splitDocuments } from './chunk.ts'
import type { Chunk } from './chunk.ts'
import { parseChunk } from './parse.ts'
import type { ParseNote, Parsed } from './parse.ts'
import { problemOf, problemOfNote } from './problem.ts'
import type { PathKey } from './path.ts'
import { readResource } from './read-resource.ts'
import type { ReadOptions, Refused } from './read-resource.ts'
import type { Resource } from './resource.ts'
import { isRecord } from '../schema/walk.ts'

/** What a text holds. */
export interface TextContent {
  readonly accepted: readonly Resource[]
  readonly refused: readonly Refused[]
  /** Problems of documents whose identity is unknown; true to whether their file kept what it had. */
  readonly unreadable: ((outcome: Problem['outcome']) => Problem)[]
  /** Problems of documents that are fine otherwise. */
  readonly notes: readonly Problem[]
}

interface Draft extends TextContent {
  readonly accepted: Resource[]
  readonly refused: Refused[]
  readonly notes: Problem[]
}

export async function readText(text: DocumentText, options: ReadOptions, pace: Pace): Promise<TextContent> {
  const draft: Draft = { accepted: [], refused: [], unreadable: [], notes: [] }
  for (const chunk of splitDocuments(text.name, text.text, text.layer)) {
    const parsed = parseChunk(chunk)
    if (!isReadable(parsed)) addUnreadable(draft, chunk, parsed)
    else readValue(draft, parsed, chunk, options)
    if (pace.due()) await pace.rest()
  }
  return draft
}

/** Blank, `null`, `[]`, a list without items, or several of these. A text that cannot be read is not empty. */
export function isEmptyText({ name, text }: DocumentText): boolean {
  return splitDocuments(name, text).every((chunk) => {
    const parsed = parseChunk(chunk)
    return isReadable(parsed) ? expand(parsed.value, []).length === 0 : parsed.notes.length === 0
  })
}

function isReadable({ value, notes }: Parsed): boolean {
  return value !== undefined && !notes.some((note) => note.severity === 'error')
}

function addUnreadable(draft: Draft, chunk: Chunk, parsed: Parsed): void {
  const name = guessName(chunk.text)
  for (const note of parsed.notes) draft.unreadable.push((outcome) => problemOfNote(note, name, chunk, outcome))
}

function readValue(draft: Draft, parsed: Parsed, chunk: Chunk, options: ReadOptions): void {
  const hash = hashText(chunk.text)
  for (const { value, root } of expand(parsed.value, [])) {
    const notes = parsed.notes.filter(({ path }) => root.every((key, index) => path[index] === key))
    const read = readResource(value, { chunk, root, hash: (hash + draft.accepted.length) >>> 0 }, options)
    if (read.kind === 'unreadable') draft.unreadable.push(read.problem)
    else if (read.kind === 'ignored') draft.notes.push(read.problem)
    else if (read.kind === 'refused') draft.refused.push(withNotes(read.refused, notes, chunk))
    else if (options.strict && notes.length > 0) draft.refused.push(refuseForNotes(read.resource, notes))
    else {
      draft.accepted.push(read.resource)
      draft.notes.push(...notes.map((note) => problemOfNote(note, read.resource.id, chunk, 'applied')))
    }
  }
}

/** Under `strict` a note of hygiene takes its document out of use. */
function refuseForNotes(resource: Resource, notes: readonly ParseNote[]): Refused {
  const { id, chunk, findings } = resource
  const problems = (outcome: Problem['outcome']): Problem[] =>
    findings.map((finding) => problemOf(finding, resource, outcome))
  const errors = notes.map((note): ParseNote => ({ ...note, severity: 'error' }))
  return withNotes({ id, place: chunk, problems }, errors, chunk)
}

function withNotes({ id, place, problems }: Refused, notes: readonly ParseNote[], chunk: Chunk): Refused {
  const more = (outcome: Problem['outcome']): Problem[] => notes.map((note) => problemOfNote(note, id, chunk, outcome))
  return { id, place, problems: (outcome) => [...more(outcome), ...problems(outcome)] }
}

/** Lists (`kind: List`, or a JSON array) to their items. */
function expand(value: unknown, root: readonly PathKey[]): { value: unknown; root: readonly PathKey[] }[] {
  if (value === null) return []
  if (Array.isArray(value)) return value.flatMap((item, index) => expand(item, [...root, index]))
  if (
    isRecord(value) &&
    typeof value['kind'] === 'string' &&
    value['kind'].endsWith('List') &&
    Array.isArray(value['items'])
  ) {
    return value['items'].flatMap((item: unknown, index) => expand(item, [...root, 'items', index]))
  }
  return [{ value, root }]
}

function guessName(text: string): string {
  const kind = /^\s*"?kind"?:\s*"?(\w+)/m.exec(text)?.[1]
  const name = /^\s+"?name"?:\s*"?([\w.-]+)/m.exec(text)?.[1]
  return [kind ?? 'document', name].filter((part) => part !== undefined).join(' ')
}
