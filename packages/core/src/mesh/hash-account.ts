// What each hash policy makes of a request, in words: the part of explain for consistent balancers. Keeps no cookie.
import { turnsOnHash } from '../balance/create.ts'
import type { HashKey } from '../balance/picker.ts'
import type { Random } from '../base/random.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { HashPolicy } from '../model/policy.ts'
import type { Affinity, AffinityCookie } from '../route/affinity.ts'
import { hashRequest, hexOf } from '../route/hash-key.ts'
import type { HeaderLines, Matchable } from '../route/request-view.ts'

export interface HashAccount {
  readonly hashKey: HashKey | undefined
  readonly texts: readonly string[]
}

export function explainHash(
  cluster: Cluster,
  policies: readonly HashPolicy[],
  request: Matchable,
  affinity: Affinity,
  random: Random,
): HashAccount {
  if (!turnsOnHash(cluster.model.loadBalancer)) return { hashKey: undefined, texts: [] }
  const texts: string[] = []
  const hashKey = hashRequest(policies, request, affinity, random, (policy, found, cookie) => {
    texts.push(`${nameOf(policy)} ${describe(found, cookie)}`)
  })
  texts.push(hashKey === undefined ? 'nothing to hash: any endpoint' : `the key is ${hexOf(hashKey)}`)
  return { hashKey, texts }
}

function nameOf(policy: HashPolicy): string {
  switch (policy.kind) {
    case 'header':
      return `header ${policy.name}`
    case 'cookie':
      return `cookie ${policy.name}`
    case 'queryParameter':
      return `query parameter ${policy.name}`
    case 'sourceIp':
      return 'source address'
  }
}

function describe(found: HeaderLines, cookie: AffinityCookie | undefined): string {
  if (found === undefined) return 'is absent'
  const value = JSON.stringify(found)
  if (cookie === undefined) return `is ${value}`
  return cookie.fresh ? `is absent: the next call makes ${value}` : `is absent: ${value} of an earlier call is sent`
}
