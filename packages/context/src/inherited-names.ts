// Which headers of a request that comes in go with the calls that are made for it.
import { traceHeaders } from '@proxyless/core/spi'

/** Of every mesh; what an application adds comes after. Not `x-envoy-attempt-count`: it counts the attempts of one hop. */
const always: readonly string[] = [...traceHeaders, 'baggage', 'x-request-id']

const token = /^[!#$%&'*+.^_`|~\w-]+$/
/** What belongs to one connection, to one body, or to the mesh itself. */
const never =
  /^(host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|proxy-.*|content-.*|x-envoy-.*|x-mesh-.*|grpc-.*)$/

/** Lower case, each once. */
export function inheritedNames(more: readonly string[]): readonly string[] {
  return [...new Set([...always, ...more.map((name) => name.toLowerCase())])]
}

/** What is wrong with names that an application adds; undefined: nothing. */
export function complaintOfNames(names: readonly string[]): string | undefined {
  for (const name of names) {
    if (!token.test(name)) return `${JSON.stringify(name)} is no name of a header`
    if (never.test(name.toLowerCase())) return `${name} belongs to one request and cannot be inherited`
  }
  return undefined
}
