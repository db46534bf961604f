// Which schema stands at a path, and which fields it has: so that a misspelt name can be answered with the right one.
import type { ZodType } from 'zod'

/** The parts of zod's definitions that lead on. */
interface Definition {
  readonly shape?: Readonly<Record<string, ZodType>>
  readonly innerType?: ZodType
  readonly element?: ZodType
  readonly valueType?: ZodType
  readonly type: string
  readonly in?: ZodType
  readonly out?: ZodType
}

/** Undefined where the path leaves what the schema knows. */
export function schemaAt(schema: ZodType, path: readonly PropertyKey[]): ZodType | undefined {
  let here: ZodType | undefined = unwrap(schema)
  for (const key of path) {
    if (here === undefined) return undefined
    const { shape, element, valueType } = definitionOf(here)
    const next: ZodType | undefined = shape === undefined ? (element ?? valueType) : shape[String(key)]
    here = next && unwrap(next)
  }
  return here
}

export function fieldNames(schema: ZodType | undefined): readonly string[] {
  return schema === undefined ? [] : Object.keys(definitionOf(schema).shape ?? {})
}

function unwrap(schema: ZodType): ZodType {
  const { innerType, type, in: before, out: after } = definitionOf(schema)
  if (innerType !== undefined) return unwrap(innerType)
  if (type !== 'pipe' || before === undefined || after === undefined) return schema
  return unwrap(definitionOf(before).type === 'transform' ? after : before)
}

function definitionOf(schema: ZodType): Definition {
  return schema.def
}
