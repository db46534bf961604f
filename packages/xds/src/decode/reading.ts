// What a decoder finds wrong, by path: what refuses the resource (NACK), and what is left out of it (a note).
import type { RegexEngine } from '@proxyless/core/spi'
import type { Duration } from '../generated/google/protobuf/duration.ts'
import type { RegexMatcher } from '../generated/envoy/type/matcher/v3/regex.ts'
import { millisecondsOf } from './duration.ts'
import { type Fields, untreated } from './fields/fields.ts'

export interface DecodeOptions {
  /** Whose rules hold: `api`: gRPC's (api_listener, A27 to A50); `sidecar`: Envoy's, for listeners with sockets. */
  readonly dialect: 'api' | 'sidecar'
  readonly regex: RegexEngine
  /** Where resources come from, for people. */
  readonly source: string
  /** Tells this process from others that are given the same. */
  readonly instance?: string
  /** The bootstrap calls the server trusted (gRFC A81): it may change the host that calls name. */
  readonly trusted: boolean
  /** Files of the certificate providers, by instance name. */
  readonly certificates: ReadonlyMap<string, CertificateFiles>
}

export interface CertificateFiles {
  readonly caFile?: string
  readonly certificateFile?: string
  readonly privateKeyFile?: string
}

export class Reading {
  readonly options: DecodeOptions
  readonly errors: string[] = []
  readonly notes: string[] = []
  readonly #noted = new Set<string>()

  constructor(options: DecodeOptions) {
    this.options = options
  }

  refuse(path: string, why: string): void {
    this.errors.push(path === '' ? why : `${path}: ${why}`)
  }

  /** Once for all places of a field: the first is told. */
  note(path: string, why: string): void {
    const note = path === '' ? why : `${path}: ${why}`
    const kind = withoutPlaces(note)
    if (this.#noted.has(kind)) return
    this.#noted.add(kind)
    this.notes.push(note)
  }

  /** Notes what of a message is set and not applied. */
  tell<T extends object>(path: string, message: T | undefined, fields: Fields<T>): void {
    if (message === undefined) return
    for (const name of untreated(message, fields)) this.note(path === '' ? name : `${path}.${name}`, 'is not applied')
  }

  /** For what stands inside another resource, where Envoy's rules hold; shares what is found. */
  inline(): Reading {
    return Object.assign(new Reading({ ...this.options, dialect: 'sidecar' }), {
      errors: this.errors,
      notes: this.notes,
    })
  }

  /** A pattern that the engine takes; refused otherwise. */
  regex(path: string, matcher: RegexMatcher | undefined): string {
    const pattern = matcher?.regex ?? ''
    if (pattern === '') this.refuse(path, 'an empty pattern')
    else this.checkRegex(path, pattern)
    return pattern
  }

  checkRegex(path: string, pattern: string): void {
    try {
      this.options.regex.compile(pattern)
    } catch (error) {
      this.refuse(path, `"${pattern}" is no RE2 pattern: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  /** Refused when negative. */
  milliseconds(path: string, duration: Duration | undefined): number | undefined {
    if (duration === undefined) return undefined
    const ms = millisecondsOf(duration)
    if (ms < 0) this.refuse(path, 'a negative duration')
    return Math.max(0, ms)
  }
}

/** A note without the positions and names of what it is about: those of one kind are alike. */
export function withoutPlaces(note: string): string {
  return note.replaceAll(/\[[^\]]*\]/g, '')
}
