// Header operations: those of several levels become one, in the order in which Envoy carries them out.
import { compileFormat, type HeaderMutation, type HeaderValue } from '@proxyless/core/spi'
import {
  type HeaderValueOption,
  HeaderValueOption_HeaderAppendAction as Action,
} from '../generated/envoy/config/core/v3/base.ts'
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
  let set: HeaderValue[] = []
  let add: HeaderValue[] = []
  for (const { toAdd, toRemove } of levels) {
    const operations = toAdd.flatMap((option) => readOperation(reading, path, option) ?? [])
    // what an earlier level has put there goes when a later one removes it, or sets it for certain
    const gone = new Set(toRemove.map((name) => name.toLowerCase()))
    const settled = new Set(operations.filter(isCertain).map(({ header }) => header.name))
    set = set.filter(({ name }) => !gone.has(name))
    add = add.filter(({ name }) => !gone.has(name) && !settled.has(name))
    remove.push(...gone)
    for (const { sets, header } of operations) (sets ? set : add).push(header)
  }
  return remove.length + set.length + add.length === 0 ? undefined : { remove, set, add }
}

interface Operation {
  readonly sets: boolean
  readonly header: HeaderValue
}

/** It replaces the header whatever the request is. */
function isCertain({ sets, header }: Operation): boolean {
  return sets && header.when === undefined && header.value !== '' && !header.value.includes('%')
}

/** Undefined: refused, or left out. */
function readOperation(reading: Reading, path: string, option: HeaderValueOption): Operation | undefined {
  const name = (option.header?.key ?? '').toLowerCase()
  if (name === '') reading.refuse(path, 'a header without a name')
  const value = valueOf(option)
  const why = unfit(value)
  if (why !== undefined) {
    reading.note(path, `${name} is left out: ${why}`)
    return undefined
  }
  const header = { name, value, ...(option.keepEmptyValue ? { keepEmpty: true as const } : {}) }
  switch (actionOf(option)) {
    case Action.APPEND_IF_EXISTS_OR_ADD:
      return { sets: false, header }
    case Action.ADD_IF_ABSENT:
      return { sets: false, header: { ...header, when: 'absent' } }
    case Action.OVERWRITE_IF_EXISTS_OR_ADD:
      return { sets: true, header }
    case Action.OVERWRITE_IF_EXISTS:
      return { sets: true, header: { ...header, when: 'present' } }
    case Action.UNRECOGNIZED:
    default:
      reading.refuse(path, `${name}: an unknown append action`)
      return undefined
  }
}

/** The older field stands for the newer. */
function actionOf({ append, appendAction }: HeaderValueOption): Action {
  if (append === undefined) return appendAction
  return append ? Action.APPEND_IF_EXISTS_OR_ADD : Action.OVERWRITE_IF_EXISTS_OR_ADD
}

/** Why the engine cannot make such a value. */
function unfit(value: string): string | undefined {
  try {
    compileFormat(value)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function valueOf({ header }: HeaderValueOption): string {
  if (header === undefined) return ''
  return header.rawValue.length > 0 ? new TextDecoder('latin1').decode(header.rawValue) : header.value
}
