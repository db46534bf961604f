// Compiles header operations: per level all removes, then sets, then adds; formats are evaluated after the removes.
// An operation whose value comes out empty is skipped, unless it says otherwise (Envoy's append actions).
import type { HeaderMutation, HeaderValue } from '../model/headers.ts'
import { compileFormat, type Format, type FormatContext } from './format.ts'
import { getHeader, type HeaderList, removeHeader, setHeader } from './header-list.ts'

interface CompiledValue {
  readonly name: string
  readonly value: Format
  readonly when: HeaderValue['when']
  readonly keepEmpty: boolean
}

/** Something that is done to headers. */
export interface HeaderEdit {
  apply(list: HeaderList, context: FormatContext): void
}

/** One level of operations. */
export class HeaderPlan implements HeaderEdit {
  readonly #remove: readonly string[]
  readonly #set: readonly CompiledValue[]
  readonly #add: readonly CompiledValue[]

  constructor(mutation: HeaderMutation) {
    this.#remove = mutation.remove
    this.#set = mutation.set.map(compileValue)
    this.#add = mutation.add.map(compileValue)
  }

  apply(list: HeaderList, context: FormatContext): void {
    for (const name of this.#remove) removeHeader(list, name)
    const sets = this.#set.map((operation) => valueOf(operation, list, context))
    const adds = this.#add.map((operation) => valueOf(operation, list, context))
    this.#set.forEach((operation, i) => {
      const value = sets[i]
      if (value !== undefined) setHeader(list, operation.name, value)
    })
    this.#add.forEach((operation, i) => {
      const value = adds[i]
      if (value !== undefined) list.push(operation.name, value)
    })
  }
}

/** The plans of several levels, empty ones left out. */
export function compileHeaderPlans(levels: readonly (HeaderMutation | undefined)[]): readonly HeaderPlan[] {
  return levels
    .filter((level) => level !== undefined)
    .filter((level) => level.remove.length + level.set.length + level.add.length > 0)
    .map((level) => new HeaderPlan(level))
}

function compileValue({ name, value, when, keepEmpty }: HeaderValue): CompiledValue {
  return { name, value: compileFormat(value), when, keepEmpty: keepEmpty === true }
}

/** Undefined: the operation is skipped. */
function valueOf(operation: CompiledValue, list: HeaderList, context: FormatContext): string | undefined {
  const { name, when, keepEmpty } = operation
  if (when !== undefined && (getHeader(list, name) === undefined) !== (when === 'absent')) return undefined
  const value = operation.value(context)
  return value === '' && !keepEmpty ? undefined : value
}
