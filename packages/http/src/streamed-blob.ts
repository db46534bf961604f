// A streamed body in the shape of a Blob whose size nobody knows: of these undici sends many at a time over HTTP/2, of streams one.
import type { ReplayBody } from './replay-body.ts'

export class StreamedBlob {
  readonly #body: ReplayBody

  constructor(body: ReplayBody) {
    this.#body = body
  }

  get [Symbol.toStringTag](): string {
    return 'Blob'
  }

  stream(): ReplayBody {
    return this.#body
  }
}
