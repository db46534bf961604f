// One document's text to plain data: js-yaml when nothing is in doubt, `yaml` when a place must be named.
// js-yaml is ten times as fast, but has neither alias limits nor positions.
import { CORE_SCHEMA, load } from 'js-yaml'
import { LineCounter, parseDocument } from 'yaml'
import type { Document, YAMLError } from 'yaml'
import type { Code } from '../codes.ts'
import type { Chunk } from './chunk.ts'
import { readJson } from './json.ts'
import type { PathKey } from './path.ts'
import { findYaml11Booleans, mayHoldYaml11Booleans } from './yaml11.ts'

/** Something the parser noticed, with its place in the file. */
export interface ParseNote {
  readonly code: Code
  readonly severity: 'error' | 'warning'
  readonly message: string
  /** Where in the document; empty for the whole of it. */
  readonly path: readonly PathKey[]
  readonly line: number
  readonly column: number
}

export interface Parsed {
  /** Undefined when the text could not be read. */
  readonly value: unknown
  readonly notes: readonly ParseNote[]
}

const MAX_ALIASES = 100
const ALIASES = /(?:^|[\s\-,:[{])[*&][\w-]|<<\s*:/m

export function parseChunk(chunk: Chunk): Parsed {
  const text = chunk.text
  if (/^\s*[{[]/.test(text)) {
    const json = readJson(text)
    if (json.kind === 'value') return { value: json.value, notes: [] }
    if (json.kind === 'duplicateKey') return { value: undefined, notes: [duplicateKey(chunk, json.offset)] }
  }
  if (!ALIASES.test(text) && !mayHoldYaml11Booleans(text)) {
    try {
      return { value: load(text, { schema: CORE_SCHEMA }), notes: [] }
    } catch {
      // The slow parser says where.
    }
  }
  return parsePrecisely(chunk)
}

/** A parsed document with positions; used again to find the place of a path. */
export function parseWithPositions(chunk: Chunk): { document: Document; lines: LineCounter } {
  const lines = new LineCounter()
  const document = parseDocument(chunk.text, { lineCounter: lines, prettyErrors: false, merge: true })
  return { document, lines }
}

function duplicateKey(chunk: Chunk, offset: number): ParseNote {
  const lines = chunk.text.slice(0, offset).split('\n')
  const line = lines.length + chunk.firstLine
  return { ...DUPLICATE_KEY, severity: 'error', path: [], line, column: (lines.at(-1)?.length ?? 0) + 1 }
}

function parsePrecisely(chunk: Chunk): Parsed {
  const { document, lines } = parseWithPositions(chunk)
  const place = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset)
    return { line: line + chunk.firstLine, column: col }
  }
  if (document.errors.length > 0) {
    return { value: undefined, notes: errorNotes(document, (error) => place(error.pos[0])) }
  }
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES })
    const notes = findYaml11Booleans(document).map(({ word, path, offset }): ParseNote => ({
      code: 'CFG_YAML11_BOOL',
      severity: 'warning',
      path,
      message: `"${word}" is read as text here, but as a boolean by Kubernetes; put it in quotes`,
      ...place(offset),
    }))
    return { value, notes }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const code = /alias/i.test(message) ? 'YAML_ALIASES' : 'YAML_SYNTAX'
    return { value: undefined, notes: [{ code, severity: 'error', message, path: [], ...place(0) }] }
  }
}

function errorNotes(
  document: Document,
  place: (error: YAMLError) => { line: number; column: number },
): readonly ParseNote[] {
  const topLevel = document.errors.find((error) => error.code === 'DUPLICATE_KEY' && place(error).column === 1)
  if (topLevel !== undefined && document.errors.every((error) => error.code === 'DUPLICATE_KEY')) {
    const message =
      'apiVersion, kind, metadata or spec appears twice in one document: a `---` line is probably missing above this one'
    return [{ code: 'YAML_DUPLICATE_KEY', severity: 'error', message, path: [], ...place(topLevel) }]
  }
  // One mistake makes the parser stumble on; a TAB is the likeliest, and keys appear twice where the syntax is lost.
  const { errors } = document
  const [duplicate, tab] = ['DUPLICATE_KEY', 'TAB_AS_INDENT']
  const error = errors.find(({ code }) => code === tab) ?? errors.find(({ code }) => code !== duplicate) ?? errors[0]
  return error === undefined ? [] : [{ ...explain(error), severity: 'error', path: [], ...place(error) }]
}

interface Explanation {
  readonly code: Code
  readonly message: string
}

const DUPLICATE_KEY: Explanation = { code: 'YAML_DUPLICATE_KEY', message: 'this key appears twice in one mapping' }

const EXPLAINED: Readonly<Record<string, Explanation>> = {
  TAB_AS_INDENT: { code: 'YAML_TAB', message: 'a TAB is used for indentation; YAML allows only spaces' },
  DUPLICATE_KEY,
  MULTIPLE_DOCS: {
    code: 'YAML_DOCUMENT_END',
    message: 'a `...` line ends the document above; what follows would be lost',
  },
}

function explain(error: YAMLError): Explanation {
  return EXPLAINED[error.code] ?? { code: 'YAML_SYNTAX', message: error.message }
}
