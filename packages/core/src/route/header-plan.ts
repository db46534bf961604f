// Compiles header operations: per level all removes, then sets, then adds; formats are evaluated after the removes.
// An operation whose value comes out empty is skipped (Envoy's default append actions).
import type { HeaderMutation, HeaderValue } from '../model/headers.ts'
import { compileFormat, type Format, type FormatContext } from './format.ts'
import { type HeaderList, removeHeader, setHeader } from './header-list.ts'

interface CompiledValue {
  readonly name: string
  readonly value: Format
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
    const sets = this.#set.map((operation) => operation.value(context))
    const adds = this.#add.map((operation) => operation.value(context))
    this.#set.forEach((operation, i) => {
      const value = sets[i]
      if (value) setHeader(list, operation.name, value)
    })
    this.#add.forEach((operation, i) => {
      const value = adds[i]
      if (value) list.push(operation.name, value)
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

function compileValue(operation: HeaderValue): CompiledValue {
  return { name: operation.name, value: compileFormat(operation.value) }
}
