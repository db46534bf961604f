// Header operations: those of several levels become one, in the order in which Envoy carries them out.
import type { HeaderMutation, HeaderValue } from '@proxyless/core/spi'
import type { HeaderValueOption } from '../generated/envoy/config/core/v3/base.ts'
import type { Reading } from './reading.ts'

/** One level as it was said. */
export interface HeaderLevel {
  readonly toAdd: readonly HeaderValueOption[]
  readonly toRemove: readonly string[]
}

/** Undefined when no level says anything. The first level is carried out first. */
export function readMutation(
  reading: Reading,
  path: string,
  levels: readonly HeaderLevel[],
): HeaderMutation | undefined {
  const remove: string[] = []
  const set: HeaderValue[] = []
  const add: HeaderValue[] = []
  for (const { toAdd, toRemove } of levels) {
    remove.push(...toRemove.map((name) => name.toLowerCase()))
    for (const option of toAdd) {
      const name = (option.header?.key ?? '').toLowerCase()
      if (name === '') reading.refuse(path, 'a header without a name')
      const header = { name, value: valueOf(option) }
      if (option.append === false || option.appendAction === 2) set.push(header)
      else if (option.append === true || option.appendAction === 0) add.push(header)
      else reading.note(path, `${name}: an append action that is not applied`)
    }
  }
  return remove.length + set.length + add.length === 0 ? undefined : { remove, set, add }
}

function valueOf({ header }: HeaderValueOption): string {
  if (header === undefined) return ''
  return header.rawValue.length > 0 ? new TextDecoder('latin1').decode(header.rawValue) : header.value
}
