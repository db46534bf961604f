// Why a cluster is not there or has no endpoints: for the message of a call that failed for it (E3), with the trouble of the server (X2).
// Asked when a call has failed, and not before.
import { type Cache, known, WIRE_NAMES } from './cache.ts'
import { needsOf } from './clusters.ts'
import type { Wanted } from './resolve.ts'

/** Undefined: all of it is there, and the server can be reached. */
export function remarkOn(
  cache: Cache,
  name: string,
  { server, node, trouble, targets }: Pick<Wanted, 'server' | 'node' | 'trouble' | 'targets'>,
): string | undefined {
  const { clusters, assignments } = needsOf(cache, name, targets === 'all')
  const missing = [
    ...[...clusters].map((each) => ['cluster', each] as const),
    ...[...assignments].map((each) => ['endpoints', each] as const),
  ].flatMap(([kind, each]) => {
    if (known(cache, kind, each) !== undefined) return []
    return [`${WIRE_NAMES[kind]} ${each}: ${cache.entry(kind, each)?.error ?? 'the server has not sent it yet'}`]
  })
  if (missing.length === 0 && trouble === undefined) return undefined
  const last = trouble === undefined ? '' : `, last error: ${trouble}`
  return `${missing.join(', ') || 'the xDS server cannot be reached'} (xDS server ${server}, node ${node}${last})`
}
