// Why a request, or what it brought, is of no use. Thrown inside this package; becomes a Problem of the feed.
import type { SourceCode } from '../codes.ts'

export class Refusal extends Error {
  readonly code: SourceCode
  /** When the server wants to be asked again. */
  readonly retryAfterMs: number | undefined

  constructor(code: SourceCode, message: string, retryAfterMs?: number) {
    super(message)
    this.code = code
    this.retryAfterMs = retryAfterMs
  }
}

/** Any failure as a refusal; what sockets and resolvers throw means that the feed is unreachable. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  const { message, code = '', errors } = error as Error & { code?: string; errors?: readonly Error[] }
  const text = message === '' ? (errors?.map((each) => each.message).join('; ') ?? '') : message
  return new Refusal('FEED_UNREACHABLE', text === '' ? code || String(error) : text)
}
