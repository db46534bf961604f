// All resources of one kind as one view has them, and what lies between two such sets. Immutable and shared by all clients
// of a view, and so is what is worked out about them: a thousand clients cost one comparison.
import type { EncodedResource, Kind } from '@proxyless/xds'

export interface ResourceSet {
  readonly version: string
  readonly listed: ReadonlyMap<string, EncodedResource>
  /** Also what can only be asked for by name. */
  find(name: string): EncodedResource | undefined
}

export type ResourceSets = Readonly<Record<Kind, ResourceSet>>

export interface Change {
  /** New, or with another version. */
  readonly put: readonly EncodedResource[]
  readonly gone: readonly string[]
}

/** What nobody has been told anything of. */
export const nothing: ResourceSet = { version: '', listed: new Map(), find: () => undefined }

const changes = new WeakMap<ResourceSet, WeakMap<ResourceSet, Change>>()
const unions = new WeakMap<ResourceSet, WeakMap<ResourceSet, ResourceSet>>()
const lists = new WeakMap<ResourceSet, readonly EncodedResource[]>()

/** Of what is listed. */
export function changeBetween(before: ResourceSet, after: ResourceSet): Change {
  return remembered(changes, before, after, () => compare(before, after))
}

/** `after`, with what only `before` has still in it. */
export function withLeavers(before: ResourceSet, after: ResourceSet): ResourceSet {
  return remembered(unions, before, after, () => {
    const { gone } = changeBetween(before, after)
    if (gone.length === 0) return after
    const listed = new Map(after.listed)
    for (const name of gone) listed.set(name, before.listed.get(name)!)
    const find = (name: string): EncodedResource | undefined => after.find(name) ?? before.find(name)
    return { version: `${after.version}+${before.version}`, listed, find }
  })
}

export function listOf(set: ResourceSet): readonly EncodedResource[] {
  let list = lists.get(set)
  if (list === undefined) lists.set(set, (list = [...set.listed.values()]))
  return list
}

function compare(before: ResourceSet, after: ResourceSet): Change {
  if (before === after) return { put: [], gone: [] }
  if (before.listed.size === 0) return { put: listOf(after), gone: [] }
  const put = listOf(after).filter(({ name, version }) => before.listed.get(name)?.version !== version)
  const gone = [...before.listed.keys()].filter((name) => !after.listed.has(name))
  return { put, gone }
}

function remembered<T>(
  memory: WeakMap<ResourceSet, WeakMap<ResourceSet, T>>,
  before: ResourceSet,
  after: ResourceSet,
  make: () => T,
): T {
  let known = memory.get(before)
  if (known === undefined) memory.set(before, (known = new WeakMap<ResourceSet, T>()))
  let result = known.get(after)
  if (result === undefined) known.set(after, (result = make()))
  return result
}
