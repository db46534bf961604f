// Requests for tests, in a few words. Not a traffic door: nothing is sent.
import { nameBits } from './header-list.ts'
import { splitTarget } from './path.ts'
import type { HeaderLines, Matchable, RequestView } from './request-view.ts'

export interface RequestWords {
  readonly method?: string
  readonly headers?: Readonly<Record<string, HeaderLines>>
}

/** The view of a request to a URL; the path is as written. */
export function viewOf(url: string, { method = 'GET', headers = {} }: RequestWords = {}): RequestView {
  const [, scheme = '', authority = '', target = ''] = /^(https?):\/\/([^/?]*)(.*)$/s.exec(url) ?? []
  const port = /:(\d+)$/.exec(authority)?.[1]
  return {
    scheme: scheme === 'https' ? 'https' : 'http',
    authority,
    hostname: authority.replace(/:\d+$/, '').replace(/^\[|\]$/g, ''),
    port: port === undefined ? (scheme === 'https' ? 443 : 80) : Number(port),
    method,
    target,
    headerBits: nameBits(Object.keys(headers).flatMap((name) => [name, ''])),
    header: (name) => headers[name],
  }
}

/** A request whose path is taken as prepared. */
export function requestOf(url: string, words?: RequestWords, dice = 0): Matchable {
  const view = viewOf(url, words)
  return { view, ...splitTarget(view.target), dice: () => dice }
}
