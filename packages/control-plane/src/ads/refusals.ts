// What clients have refused: what is refused now, by client and kind, and the last refusals of all, for people.
import type { Kind } from '@proxyless/xds'
import type { Connection } from './connection.ts'
import type { Refusal } from './session.ts'

export interface RefusalRecord {
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

export class Refusals {
  readonly #last: RefusalRecord[] = []
  #total = 0

  get total(): number {
    return this.#total
  }

  /** Newest first. */
  get last(): readonly RefusalRecord[] {
    return this.#last.toReversed()
  }

  add(connection: Connection, { kind, version, names, message }: Refusal, wallMs: number): RefusalRecord {
    const named = names.filter((name) => message.includes(name))
    const record: RefusalRecord = {
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
