// A proxy that asks for all clusters and for the endpoints of each, led through random worlds at random speed: at no time does a
// route that it has lead to a cluster that it has not, or that has no endpoints yet (O1).
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Heard, ScriptedClient, type State } from './scripted-client.suite.ts'
import type { VariantName } from './variant.ts'

/** Clusters of a world, and to which of them its route leads. */
interface World {
  readonly clusters: readonly string[]
  readonly to: number
  readonly content: string
}

const world: fc.Arbitrary<World> = fc.record({
  clusters: fc.subarray(['a', 'b', 'c', 'd'], { minLength: 1 }),
  to: fc.nat(3),
  content: fc.constantFrom('1', '2'),
})

const targetOf = ({ clusters, to }: World): string => clusters[to % clusters.length] ?? ''

function stateOf(it: World): State {
  const same = Object.fromEntries(it.clusters.map((name) => [name, it.content]))
  return { cluster: same, endpoints: same, listener: { l: '1' }, route: { r: targetOf(it) } }
}

class Proxy {
  readonly client: ScriptedClient
  readonly clusters = new Set<string>()
  readonly endpoints = new Set<string>()
  route: string | undefined
  readonly #variant: VariantName
  readonly #unread: Heard[] = []
  #asked: readonly string[] = []

  constructor(variant: VariantName, first: World) {
    this.#variant = variant
    this.client = new ScriptedClient(variant, stateOf(first))
    this.client.ask('cluster')
    this.read(9)
    this.client.ask('listener')
    this.client.ask('route', { names: ['r'] })
    this.read(9)
  }

  /** Reads so many messages, and answers each; true while there was one. */
  read(count: number): boolean {
    let some = false
    for (let turn = 0; turn < count; turn++) {
      this.#unread.push(...this.client.take())
      const heard = this.#unread.shift()
      if (heard === undefined) break
      some = true
      this.#take(heard)
    }
    return some
  }

  #take(heard: Heard): void {
    const { kind, nonce, resources, removed } = heard
    const names = Object.keys(resources)
    if (kind === 'cluster') {
      if (this.#variant === 'sotw') this.clusters.clear()
      for (const name of names) this.clusters.add(name)
      for (const name of removed) this.clusters.delete(name)
      for (const name of this.endpoints) if (!this.clusters.has(name)) this.endpoints.delete(name)
      this.client.answer('cluster', { nonce })
      this.#askForEndpoints()
    } else {
      if (kind === 'endpoints') for (const name of names) this.endpoints.add(name)
      if (kind === 'route') this.route = resources['r'] ?? this.route
      this.client.answer(kind!, { nonce })
    }
    if (this.route === undefined) return
    if (!this.clusters.has(this.route)) throw new Error(`the route leads to ${this.route}, which is no cluster here`)
    if (!this.endpoints.has(this.route)) throw new Error(`the route leads to ${this.route}, which has no endpoints yet`)
  }

  #askForEndpoints(): void {
    const wanted = [...this.clusters].sort()
    const more = wanted.filter((name) => !this.#asked.includes(name))
    const unsubscribe = this.#asked.filter((name) => !this.clusters.has(name))
    if (more.length + unsubscribe.length === 0) return
    this.#asked = wanted
    if (this.#variant === 'sotw') this.client.answer('endpoints', { names: wanted })
    else this.client.ask('endpoints', { names: more, unsubscribe })
  }
}

describe.each<VariantName>(['sotw', 'delta'])('%s:', (variant) => {
  test('O1 no route leads nowhere, whatever changes and however slow the client is', () => {
    fc.assert(
      fc.property(world, fc.array(fc.tuple(world, fc.nat(6)), { maxLength: 12 }), (first, changes) => {
        const proxy = new Proxy(variant, first)
        for (const [index, [next, reads]] of changes.entries()) {
          proxy.client.change(`${index}`, stateOf(next))
          proxy.read(reads)
        }
        while (proxy.read(1)) expect(proxy.route).toBeDefined()
        const last = changes.at(-1)?.[0] ?? first
        expect(proxy.route).toBe(targetOf(last))
        expect([...proxy.clusters].sort()).toEqual([...last.clusters].sort())
      }),
      { numRuns: 200 },
    )
  })
})
