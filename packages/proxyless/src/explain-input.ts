// The request that explain is asked about, in the shapes in which applications hold one.
import type { ExplainRequest } from '@proxyless/core'

/** A URL alone, or with method and headers. */
export type ExplainInput =
  | string
  | URL
  | {
      /** `http://host:port/path?query` */
      readonly url: string | URL
      /** Default GET. */
      readonly method?: string
      /** As fetch takes them. */
      readonly headers?: Headers | Readonly<Record<string, string>> | readonly (readonly [string, string])[]
    }

/** @throws TypeError when the URL is not one of http or https */
export function readRequest(input: ExplainInput): ExplainRequest {
  const { url, method, headers } = typeof input === 'string' || input instanceof URL ? { url: input } : input
  return {
    url: checkUrl(String(url)),
    ...(method === undefined ? {} : { method }),
    ...(headers === undefined ? {} : { headers: textsOf(headers) }),
  }
}

function checkUrl(url: string): string {
  const protocol = URL.canParse(url) ? new URL(url).protocol : undefined
  if (protocol === 'http:' || protocol === 'https:') return url
  throw new TypeError(`"${url}" is not an http or https URL such as http://reviews:9080/reviews/0`)
}

type Lines = Iterable<readonly [string, string]>

function textsOf(headers: Lines | Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return isLines(headers) ? Object.fromEntries(headers) : headers
}

function isLines(headers: Lines | Readonly<Record<string, string>>): headers is Lines {
  return Symbol.iterator in headers
}
