// Values that all parts of a configuration are made of, as fast-check makes them.
import type { Origin } from '@proxyless/core/spi'
import fc from 'fast-check'

type Arbs = Readonly<Record<string, fc.Arbitrary<unknown>>>
type Made<A extends Arbs> = { [K in keyof A]: A[K] extends fc.Arbitrary<infer T> ? T : never }

/** A record of what must be there, and of what may be. */
export function optional<A extends Arbs, B extends Arbs>(must: A, may: B): fc.Arbitrary<Made<A> & Partial<Made<B>>> {
  return fc.record({ ...must, ...may }, { requiredKeys: Object.keys(must), noNullPrototype: true }) as never
}

/** Milliseconds, some of them no whole seconds. */
export const ms: fc.Arbitrary<number> = fc.integer({ min: 1, max: 10_000_000 })

/** Of whole percents. */
export const share: fc.Arbitrary<number> = fc.integer({ min: 0, max: 100 }).map((percent) => percent / 100)

/** Never empty, lower case, nothing that means something in a pattern or a header's format. */
export const text: fc.Arbitrary<string> = fc.stringMatching(/^[a-z][a-z0-9-]{0,6}$/)

export const bytes: fc.Arbitrary<Uint8Array> = fc.uint8Array({ minLength: 1, maxLength: 4 })

export const origin: fc.Arbitrary<Origin> = optional(
  { resource: text.map((name) => `VirtualService default/${name}`), path: fc.constantFrom('', 'spec.http[0]') },
  { source: text.map((name) => `${name}.yaml`) },
)

export const origins: fc.Arbitrary<Record<string, Origin>> = fc.dictionary(
  fc.constantFrom('timeout', 'retry', 'loadBalancer', 'tls'),
  origin,
  { noNullPrototype: true },
)
