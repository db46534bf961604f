// Findings as problems. Line and column are looked up when they are first read: most problems are never printed.
import type { Position, Problem } from '@proxyless/core/spi'
import type { Finding } from '../findings.ts'
import { locatePath } from './locate.ts'
import { parsePath } from './path.ts'
import type { Chunk } from './chunk.ts'
import type { ParseNote } from './parse.ts'
import type { PathKey } from './path.ts'

/** What console.log asks an object for. */
const inspection = Symbol.for('nodejs.util.inspect.custom')

/** The document a finding is about. */
export interface Subject {
  readonly id: string
  readonly chunk: Chunk
  readonly root: readonly PathKey[]
  /** Of a refused document: the hosts it speaks of. */
  readonly hosts?: readonly string[]
}

export function problemOf(finding: Finding, subject: Subject, outcome: Problem['outcome']): Problem {
  let position: Position | undefined
  const place = (): Position => {
    position ??= locatePath(subject.chunk, [...subject.root, ...parsePath(finding.path)], pointsAtKey(finding))
    return position
  }
  const problem: Problem = {
    code: finding.code,
    severity: finding.severity,
    outcome,
    resource: subject.id,
    ...(subject.hosts === undefined ? {} : { hosts: subject.hosts }),
    path: finding.path,
    message: finding.message,
    source: subject.chunk.source,
    get line(): number {
      return place().line
    },
    get column(): number {
      return place().column
    },
  }
  // getters would be printed as such
  return Object.defineProperty(problem, inspection, { value: () => ({ ...problem }) })
}

export function problemOfNote(note: ParseNote, resource: string, chunk: Chunk, outcome: Problem['outcome']): Problem {
  const { code, severity, message, line, column } = note
  return { code, severity, outcome, resource, path: '', message, source: chunk.source, line, column }
}

function pointsAtKey(finding: Finding): boolean {
  return (
    finding.code === 'UNKNOWN_FIELD' ||
    finding.code === 'UNKNOWN_ANNOTATION' ||
    finding.code === 'NOT_YET_APPLIED' ||
    finding.code === 'UNSUPPORTED_FIELD'
  )
}
