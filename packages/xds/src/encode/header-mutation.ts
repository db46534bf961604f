// Header operations -> the fields of a route or of one of its clusters.
import type { HeaderMutation, HeaderValue } from '@proxyless/core/spi'
import {
  type HeaderValueOption,
  HeaderValueOption_HeaderAppendAction as Action,
} from '../generated/envoy/config/core/v3/base.ts'

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

function added({ set, add }: HeaderMutation): HeaderValueOption[] {
  return [
    ...set.map((header) =>
      option(header, header.when === 'present' ? Action.OVERWRITE_IF_EXISTS : Action.OVERWRITE_IF_EXISTS_OR_ADD),
    ),
    ...add.map((header) =>
      option(header, header.when === 'absent' ? Action.ADD_IF_ABSENT : Action.APPEND_IF_EXISTS_OR_ADD),
    ),
  ]
}

function option({ name, value, keepEmpty }: HeaderValue, appendAction: Action): HeaderValueOption {
  const header = { key: name, value, rawValue: new Uint8Array() }
  return { header, append: undefined, appendAction, keepEmptyValue: keepEmpty === true }
}
