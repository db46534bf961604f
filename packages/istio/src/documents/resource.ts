// One accepted document: what it is, what it says, and where it stands.
// Immutable; keeps its identity as long as its text does not change.
import type { Origin } from '@proxyless/core/spi'
import type { SpecOf } from '../schema/specs.ts'
import type { Finding } from '../findings.ts'
import type { Chunk } from './chunk.ts'
import type { PathKey } from './path.ts'

export type Kind = keyof SpecOf

export interface Resource<K extends Kind = Kind> {
  readonly kind: K
  readonly namespace: string
  readonly name: string
  /** `VirtualService default/reviews`: identity and name for people. */
  readonly id: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  /** metadata.creationTimestamp, epoch milliseconds. */
  readonly createdMs?: number
  readonly spec: SpecOf[K]
  readonly chunk: Chunk
  /** Where the resource stands inside its chunk (`items[3]` of a List). */
  readonly root: readonly PathKey[]
  readonly findings: readonly Finding[]
  /** Changes when the text does. */
  readonly hash: number
  /** Refused, but calls it governs must fail rather than go out in plain text. */
  readonly failClosed: boolean
}

const origins = new WeakMap<Resource, Map<string, Origin>>()

/** The origin of a value; one object per resource and path. */
export function originOf(resource: Resource, path: string): Origin {
  let known = origins.get(resource)
  if (known === undefined) origins.set(resource, (known = new Map<string, Origin>()))
  let origin = known.get(path)
  if (origin === undefined) known.set(path, (origin = { resource: resource.id, path, source: resource.chunk.source }))
  return origin
}

export function resourceId(kind: string, namespace: string, name: string): string {
  return kind === 'MeshConfig' ? 'MeshConfig' : `${kind} ${namespace}/${name}`
}
