// Header operations -> the fields of a route or of one of its clusters.
import type { HeaderMutation, HeaderValue } from '@proxyless/core/spi'
import type { HeaderValueOption } from '../generated/envoy/config/core/v3/base.ts'

interface Requests {
  readonly requestHeadersToAdd: HeaderValueOption[]
  readonly requestHeadersToRemove: string[]
}

interface Responses {
  readonly responseHeadersToAdd: HeaderValueOption[]
  readonly responseHeadersToRemove: string[]
}

interface HasMutations {
  readonly requestHeaders?: HeaderMutation
  readonly responseHeaders?: HeaderMutation
}

export function writeMutations({ requestHeaders, responseHeaders }: HasMutations): Partial<Requests & Responses> {
  return {
    ...(requestHeaders === undefined
      ? {}
      : { requestHeadersToAdd: added(requestHeaders), requestHeadersToRemove: [...requestHeaders.remove] }),
    ...(responseHeaders === undefined
      ? {}
      : { responseHeadersToAdd: added(responseHeaders), responseHeadersToRemove: [...responseHeaders.remove] }),
  }
}

const APPEND_IF_EXISTS_OR_ADD = 0
const OVERWRITE_IF_EXISTS_OR_ADD = 2

function added({ set, add }: HeaderMutation): HeaderValueOption[] {
  return [
    ...set.map((header) => option(header, OVERWRITE_IF_EXISTS_OR_ADD)),
    ...add.map((header) => option(header, APPEND_IF_EXISTS_OR_ADD)),
  ]
}

function option({ name, value }: HeaderValue, appendAction: 0 | 2): HeaderValueOption {
  return {
    header: { key: name, value, rawValue: new Uint8Array() },
    append: undefined,
    appendAction,
    keepEmptyValue: false,
  }
}
