// The documents of a server as texts, handed over together: of one change the server sends kind after kind, in no order that would
// keep a rule from being seen before what it points to.
import type { Clock, DocumentText, TimerHandle } from '@proxyless/core/spi'
import type { Cache } from '../resolve/cache.ts'
import { DOCUMENT_KINDS } from '../stream/kinds.ts'
import type { DocumentResource } from './read-document.ts'

/** So long nothing more has come. */
const quietMs = 50
/** Longer they are not held back. */
const mostMs = 1000

export class DocumentTexts {
  readonly #clock: Clock
  readonly #cache: Cache
  readonly #tell: (texts: readonly DocumentText[]) => void
  /** Texts have been handed over. */
  told = false
  #held: { readonly timer: TimerHandle; readonly sinceMs: number } | undefined

  constructor(clock: Clock, cache: Cache, tell: (texts: readonly DocumentText[]) => void) {
    this.#clock = clock
    this.#cache = cache
    this.#tell = tell
  }

  /** Documents have come or gone, or the first of a kind was heard of. */
  changed(): void {
    if (!DOCUMENT_KINDS.every((kind) => this.#cache.heard(kind))) return
    const sinceMs = this.#held?.sinceMs ?? this.#clock.now()
    this.close()
    const waitMs = Math.min(quietMs, Math.max(0, sinceMs + mostMs - this.#clock.now()))
    this.#held = { sinceMs, timer: this.#clock.setTimer(waitMs, () => this.#handOver(), true) }
  }

  close(): void {
    if (this.#held !== undefined) this.#clock.clearTimer(this.#held.timer)
    this.#held = undefined
  }

  #handOver(): void {
    this.#held = undefined
    this.told = true
    this.#tell(
      DOCUMENT_KINDS.flatMap((kind) =>
        [...this.#cache.entries(kind).values()].flatMap(({ known }) =>
          known === undefined ? [] : [(known.value as DocumentResource).text],
        ),
      ),
    )
  }
}
