// Which of many hosts this process keeps to: those with the highest score of a hash of seed and address (rendezvous, gRFC A68).
// Nobody has to know of the others: a host that comes or goes moves only its own share of processes.
import type { Aperture } from '../model/cluster.ts'
import type { Endpoint } from './endpoint.ts'

/** The chosen hosts, in the order they are listed. */
export function withinAperture(hosts: readonly Endpoint[], aperture: Aperture | undefined): readonly Endpoint[] {
  if (aperture === undefined || hosts.length <= aperture.size) return hosts
  const scores = Float64Array.from(hosts, ({ model }) => scoreOf(aperture.seed, model.address, model.port))
  const lowest = scores.toSorted()[hosts.length - aperture.size] ?? 0
  const chosen = hosts.filter((_, i) => (scores[i] ?? 0) >= lowest)
  // two hosts may draw the same score
  return chosen.slice(0, aperture.size)
}

/** 32 bits, murmur3's mixing over the address. */
function scoreOf(seed: number, address: string, port: number): number {
  let hash = mix(seed | 0, port)
  for (let i = 0; i < address.length; i++) hash = mix(hash, address.charCodeAt(i))
  hash ^= address.length
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

function mix(hash: number, word: number): number {
  const scrambled = Math.imul(word, 0xcc9e2d51)
  const turned = hash ^ Math.imul((scrambled << 15) | (scrambled >>> 17), 0x1b873593)
  return (Math.imul((turned << 13) | (turned >>> 19), 5) + 0xe6546b64) | 0
}
