// The annotations in force for the clusters of a rule, each with the document that set it. Of merged rules the oldest that says one wins it.
import { joinPath } from '../documents/path.ts'
import type { Resource } from '../documents/resource.ts'
import { type AnnotationName, isAnnotation, PREFIX } from './table.ts'
import { type AnnotationValue, DISABLED, parseAnnotation } from './value.ts'

export interface PlacedAnnotation extends AnnotationValue {
  readonly resource: Resource
  readonly path: string
}

export type PlacedAnnotations = { readonly [A in AnnotationName]?: PlacedAnnotation }

const NONE: PlacedAnnotations = {}

export function placeAnnotations(documents: readonly Resource[]): PlacedAnnotations {
  const placed: Partial<Record<AnnotationName, PlacedAnnotation>> = {}
  let any = false
  for (const resource of documents) {
    for (const [key, text] of Object.entries(resource.annotations)) {
      if (!key.startsWith(PREFIX)) continue
      const name = key.slice(PREFIX.length)
      if (!isAnnotation(name) || placed[name] !== undefined) continue
      const value = parseAnnotation(name, text)
      if (typeof value === 'string') continue
      placed[name] = { ...value, resource, path: joinPath('metadata.annotations', key) }
      any = true
    }
  }
  return any ? placed : NONE
}

/** What it says; undefined when it is not there or disabled. */
export function said(placed: PlacedAnnotation | undefined): PlacedAnnotation | undefined {
  return placed === undefined || placed.word === DISABLED ? undefined : placed
}

/** A parameter; those that the table has are always there. */
export function numberOf({ numbers }: PlacedAnnotation, name: string): number {
  const value = numbers[name]
  if (value === undefined) throw new Error(`the annotation has no ${name}`)
  return value
}
