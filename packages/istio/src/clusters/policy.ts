// The policy of one port of one subset: blocks of several levels, the most specific level that sets a block wins it whole.
import type { Origin } from '@proxyless/core/spi'
import { originOf } from '../documents/resource.ts'
import type { PolicyBlocks } from '../schema/traffic-policy.ts'
import type { Settings } from '../world/settings.ts'
import type { PlacedPolicy, PlacedSubset, Rule } from './destination-rules.ts'

type BlockName = keyof PolicyBlocks

/** A block and the document that set it. */
interface Placed<T> {
  readonly value: T
  readonly origin: Origin
  /** Said for this port alone. */
  readonly portLevel: boolean
}

export type Policy = { readonly [B in BlockName]?: Placed<NonNullable<PolicyBlocks[B]>> }

const BLOCKS: readonly BlockName[] = [
  'loadBalancer',
  'connectionPool',
  'outlierDetection',
  'tls',
  'tunnel',
  'proxyProtocol',
  'retryBudget',
]

export function composePolicy(
  rule: Rule | undefined,
  subset: PlacedSubset | undefined,
  port: number,
  settings: Settings,
): Policy {
  const policy: Record<string, Placed<unknown>> = {}
  const origin = settings.originOf('defaultTrafficPolicy')
  set(policy, settings.defaultPolicy, (block) => ({ ...origin, path: `${origin.path}.${block}` }), false)
  if (rule?.policy !== undefined) applyLevel(policy, rule.policy, port)
  if (subset?.spec.trafficPolicy !== undefined) {
    const { resource, path } = subset
    applyLevel(policy, { spec: subset.spec.trafficPolicy, resource, path: `${path}.trafficPolicy` }, port)
  }
  return policy
}

/** A matching port entry replaces all blocks of its level: what it leaves out does not come from the level's general part. */
function applyLevel(policy: Record<string, Placed<unknown>>, level: PlacedPolicy, port: number): void {
  const { spec, resource, path } = level
  const index = spec.portLevelSettings?.findIndex((settings) => settings.port?.number === port) ?? -1
  const blocks = spec.portLevelSettings?.[index] ?? spec
  const at = index === -1 ? path : `${path}.portLevelSettings[${index}]`
  set(policy, blocks, (block) => originOf(resource, `${at}.${block}`), index !== -1)
}

function set(
  policy: Record<string, Placed<unknown>>,
  blocks: PolicyBlocks,
  originFor: (block: BlockName) => Origin,
  portLevel: boolean,
): void {
  for (const block of BLOCKS) {
    const value = blocks[block]
    if (value !== undefined) policy[block] = { value, origin: originFor(block), portLevel }
  }
}
