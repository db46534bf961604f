// Connect's HTTP client over the mesh's fetch. Whole bodies are given as bytes: they have a length, and retries repeat them.
import {
  readAllBytes,
  type UniversalClientFn,
  type UniversalClientRequest,
  type UniversalClientResponse,
} from '@connectrpc/connect/protocol'

export type Fetch = (input: string, init?: RequestInit) => Promise<Response>

/** For calls with one message. */
export function wholeOverFetch(fetch: Fetch): UniversalClientFn {
  return async (request) => {
    const body = request.body === undefined ? null : await readAllBytes(request.body, Infinity)
    return answerOf(await fetch(request.url, { ...initOf(request), body }))
  }
}

export function overFetch(fetch: Fetch): UniversalClientFn {
  return async (request) => {
    const body = request.body === undefined ? null : ReadableStream.from(request.body)
    return answerOf(await fetch(request.url, { ...initOf(request), body, duplex: 'half' }))
  }
}

function initOf({ method, header, signal }: UniversalClientRequest): RequestInit {
  return { method, headers: header, redirect: 'error', ...(signal === undefined ? {} : { signal }) }
}

function answerOf(response: Response): UniversalClientResponse {
  const header = new Headers(response.headers)
  // fetch has undone the encoding, and the length is of the encoded
  header.delete('content-encoding')
  header.delete('content-length')
  return { status: response.status, header, body: bytesOf(response), trailer: new Headers() }
}

/** Whoever stops reading cancels. */
async function* bytesOf({ body }: Response): AsyncGenerator<Uint8Array> {
  if (body !== null) yield* body
}
