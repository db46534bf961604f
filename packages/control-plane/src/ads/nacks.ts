// What clients have refused: what is refused now, by client and kind, and the last nacks of all, for people.
import type { Kind } from '@proxyless/xds'
import type { Connection } from './connection.ts'
import type { Nack } from './session.ts'

export interface NackRecord {
  readonly client: string
  readonly kind: Kind
  readonly version: string
  /** Those that the client's message names; all of the response where it names none. */
  readonly resources: readonly string[]
  readonly message: string
  /** ISO 8601. */
  readonly time: string
}

/** Older ones are forgotten; `total` still counts them. */
const remembered = 1000

export class Nacks {
  readonly #last: NackRecord[] = []
  #total = 0

  get total(): number {
    return this.#total
  }

  /** Newest first. */
  get last(): readonly NackRecord[] {
    return this.#last.toReversed()
  }

  add(connection: Connection, { kind, version, names, message }: Nack, wallMs: number): NackRecord {
    const named = names.filter((name) => message.includes(name))
    const record: NackRecord = {
      client: connection.node?.id ?? '',
      kind,
      version,
      resources: named.length > 0 ? named : names,
      message,
      time: new Date(wallMs).toISOString(),
    }
    this.#total++
    this.#last.push(record)
    if (this.#last.length > remembered) this.#last.shift()
    return record
  }
}
