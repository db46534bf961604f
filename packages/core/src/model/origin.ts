// Where a piece of configuration was said, and what was wrong with it.
// Plain data; positions in files are found on demand by the source that read the text.

/** Where a value was set: a document and a path in it. */
export interface Origin {
  /** For people: `VirtualService default/reviews`, `MeshConfig`, `built-in default`. */
  readonly resource: string
  /** Path inside the resource: `spec.http[0].timeout`; empty for the whole resource. */
  readonly path: string
  /** File or address the resource was read from, when there is one. */
  readonly source?: string
  /** Where there is no text to look it up in (`MeshConfig.locate`). */
  readonly position?: Position
}

/** A place in a text; line and column count from 1. */
export interface Position {
  readonly source: string
  readonly line: number
  readonly column: number
}

/** Why a piece of configuration was refused, or what a reader should know of it. */
export interface Problem {
  /** Stable code, listed in ERRORS.md. */
  readonly code: string
  /** `error`: the resource is not used; `warning`: it is used, but not all of it; `info`: worth knowing. */
  readonly severity: 'error' | 'warning' | 'info'
  /** What happened to the resource: refused with nothing before it (`void`), the previous version kept (`kept`), or used (`applied`). */
  readonly outcome: 'void' | 'kept' | 'applied'
  readonly resource: string
  /** Of a resource that was refused: the hosts it speaks of, lower case; undefined: unknown. */
  readonly hosts?: readonly string[]
  readonly path: string
  readonly message: string
  readonly source?: string
  readonly line?: number
  readonly column?: number
}
