// Routes that answer without any server: redirects and direct responses.
import type { DirectResponseAction, RedirectAction } from '@proxyless/core/spi'
import type { DirectResponseSpec, HeadersSpec, RedirectSpec } from '../schema/virtual-service.ts'
import { translateOperations } from './headers.ts'

export function translateRedirect(redirect: RedirectSpec, headers: HeadersSpec | undefined): RedirectAction {
  const { uri, prefixRewrite, authority, scheme } = redirect
  const port =
    redirect.port ??
    (redirect.derivePort === 'FROM_REQUEST_PORT'
      ? 'fromRequestPort'
      : redirect.derivePort === undefined
        ? undefined
        : 'schemeDefault')
  const responseHeaders = translateOperations(headers?.response)
  return {
    kind: 'redirect',
    status: (redirect.redirectCode || 301) as RedirectAction['status'],
    ...(scheme === 'http' || scheme === 'https' ? { scheme } : {}),
    ...(authority === undefined || authority === '' ? {} : { authority }),
    ...(port === undefined ? {} : { port }),
    ...(uri === undefined || uri === '' ? {} : { path: uri }),
    ...(prefixRewrite === undefined ? {} : { prefix: prefixRewrite }),
    ...(responseHeaders === undefined ? {} : { responseHeaders }),
  }
}

export function translateDirectResponse(
  response: DirectResponseSpec,
  headers: HeadersSpec | undefined,
): DirectResponseAction {
  const { string, bytes } = response.body ?? {}
  const body = string ?? (bytes === undefined ? undefined : decodeBase64(bytes))
  const responseHeaders = translateOperations(headers?.response)
  return {
    kind: 'directResponse',
    status: response.status,
    ...(body === undefined ? {} : { body }),
    ...(responseHeaders === undefined ? {} : { responseHeaders }),
  }
}

function decodeBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}
