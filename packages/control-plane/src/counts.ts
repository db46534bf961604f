// What has been counted since the start, for /metrics.
import { type Kind, KINDS } from '@proxyless/xds'

interface KindCounts {
  responses: number
  bytes: number
  acks: number
  nacks: number
}

export class Counts {
  readonly kinds: ReadonlyMap<Kind, KindCounts> = new Map(
    KINDS.map((kind) => [kind, { responses: 0, bytes: 0, acks: 0, nacks: 0 }]),
  )
  changes = 0
  /** Wall clock. */
  changedAtMs = 0
  /** Requests of types that are not served. */
  unservedRequests = 0

  changed(wallMs: number): void {
    this.changes++
    this.changedAtMs = wallMs
  }

  sent(kind: Kind, bytes: number): void {
    const counts = this.#of(kind)
    counts.responses++
    counts.bytes += bytes
  }

  accepted(kind: Kind): void {
    this.#of(kind).acks++
  }

  refused(kind: Kind): void {
    this.#of(kind).nacks++
  }

  unserved(): void {
    this.unservedRequests++
  }

  #of(kind: Kind): KindCounts {
    return this.kinds.get(kind)!
  }
}
