// How long servers take: draws from a seeded generator, in milliseconds.
import type { Random } from '@proxyless/core/spi'

/** `key`: what is asked for, where that counts. */
export type Draw = (random: Random, key: number) => number

/** In (0, 1]. */
export function unit(random: Random): number {
  return (random.uint32() + 1) / 0x1_0000_0000
}

/** Some part that is always there, and some that varies. */
export function about(meanMs: number): Draw {
  return (random) => meanMs * (0.5 - 0.5 * Math.log(unit(random)))
}

/** Now and then, for a share of all draws, very much longer: a collection of garbage, a lost packet. */
export function withTail(usual: Draw, share: number, tailMs: number): Draw {
  return (random, key) => (unit(random) <= share ? tailMs : 0) + usual(random, key)
}
