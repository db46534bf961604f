// A request as policy reads it where it inherits headers: its own first, then those that it has not.
import { getHeader, type HeaderList, nameBits } from '../route/header-list.ts'
import type { HeaderLines, RequestView } from '../route/request-view.ts'

export class ScopedView implements RequestView {
  readonly #request: RequestView
  /** Those that the request itself has not. */
  readonly inherited: HeaderList
  readonly headerBits: number
  /** What is sent, once it is known. */
  #sent: HeaderList | undefined = undefined

  constructor(request: RequestView, headers: readonly string[]) {
    this.#request = request
    this.inherited = headers.filter((_, i) => request.header(headers[i - (i % 2)] ?? '') === undefined)
    this.headerBits = request.headerBits | nameBits(this.inherited)
  }

  /** From here on the view tells of what is sent, however it is edited. */
  pass(headers: HeaderList): void {
    this.#sent = headers
  }

  header(name: string): HeaderLines {
    if (this.#sent !== undefined) return getHeader(this.#sent, name)
    return this.#request.header(name) ?? getHeader(this.inherited, name)
  }

  get scheme(): RequestView['scheme'] {
    return this.#request.scheme
  }

  get authority(): string {
    return this.#request.authority
  }

  get hostname(): string {
    return this.#request.hostname
  }

  get port(): number {
    return this.#request.port
  }

  get method(): string {
    return this.#request.method
  }

  get target(): string {
    return this.#request.target
  }
}
