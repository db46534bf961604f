// fetch through the mesh: undici's own fetch over the mesh's dispatcher, with the platform's Request and FormData accepted.
import {
  type Dispatcher,
  fetch as undiciFetch,
  FormData as UndiciFormData,
  type RequestInit as UndiciInit,
} from 'undici'
import { MeshError } from '@proxyless/core/spi'

/** Same signature as the platform's fetch. @throws MeshError with `localReply: 'throw'`, else as fetch does */
export type MeshFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

export function createFetch(dispatcher: Dispatcher): MeshFetch {
  return async (input, init) => {
    const { url, options } =
      typeof input === 'object' && 'headers' in input ? fromRequest(input, init) : { url: input, options: init ?? {} }
    // a literal and no spread of the caller's object: fields are read once by undici
    const given = Object.assign({}, options, { dispatcher }) as UndiciInit & { body?: unknown }
    if (isForeignForm(given.body)) given.body = ownForm(given.body)
    try {
      return await undiciFetch(url, given)
    } catch (error) {
      if (error instanceof TypeError && error.cause instanceof MeshError) throw error.cause
      throw error
    }
  }
}

/** undici knows only its own Request class; the platform's is taken apart. */
function fromRequest(request: Request, init: RequestInit | undefined): { url: string; options: RequestInit } {
  const { method, headers, body, redirect, signal, credentials, integrity, keepalive, mode, referrerPolicy } = request
  const own: RequestInit = {
    method,
    headers,
    redirect,
    signal,
    credentials,
    integrity,
    keepalive,
    referrerPolicy,
  }
  if (mode !== 'navigate') own.mode = mode
  return {
    url: request.url,
    options: { ...own, ...(body === null ? {} : { body, duplex: 'half' }), ...init },
  }
}

function isForeignForm(body: unknown): body is FormData {
  return (
    typeof body === 'object' &&
    body !== null &&
    !(body instanceof UndiciFormData) &&
    Object.prototype.toString.call(body) === '[object FormData]'
  )
}

function ownForm(form: FormData): UndiciFormData {
  const own = new UndiciFormData()
  for (const [name, value] of form) {
    if (typeof value === 'string') own.append(name, value)
    else own.append(name, value, value.name)
  }
  return own
}
