// Whatever a client asks for, whatever changes meanwhile, whatever it refuses and however late it answers: in the end it has what
// it asked for. Random sequences, for both variants.
import type { Kind } from '@proxyless/xds'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Heard, ScriptedClient, type State } from './scripted-client.suite.ts'
import type { VariantName } from './variant.ts'

const kinds: readonly Kind[] = ['cluster', 'endpoints', 'listener', 'route']
const names = ['a', 'b', 'c']

type Act =
  | { readonly do: 'change'; readonly state: State }
  | { readonly do: 'want'; readonly kind: Kind; readonly names: readonly string[] }
  | { readonly do: 'answer'; readonly refuses: boolean }
  | { readonly do: 'drain' }
  | { readonly do: 'fill' }
  | { readonly do: 'wait' }

const content = fc.constantFrom('1', '2', '3')
const some = fc.dictionary(fc.constantFrom(...names), content, { noNullPrototype: true })
const state: fc.Arbitrary<State> = fc.record({ cluster: some, endpoints: some, listener: some, route: some })
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ do: fc.constant('change' as const), state }),
  fc.record({ do: fc.constant('want' as const), kind: fc.constantFrom(...kinds), names: fc.subarray([...names, '*']) }),
  fc.record({ do: fc.constant('answer' as const), refuses: fc.boolean() }),
  fc.constantFrom<Act>({ do: 'drain' }, { do: 'fill' }, { do: 'wait' }),
)

/** What a client keeps of what it hears, and what it wants, as any client does. */
class Model {
  readonly client: ScriptedClient
  readonly #variant: VariantName
  readonly #wanted = new Map<Kind, ReadonlySet<string>>()
  readonly #holds = new Map<Kind, Map<string, string>>(kinds.map((kind) => [kind, new Map<string, string>()]))
  readonly #unanswered: Heard[] = []
  readonly #nonces = new Map<Kind, string>()

  constructor(variant: VariantName, first: State) {
    this.#variant = variant
    this.client = new ScriptedClient(variant, first)
  }

  want(kind: Kind, next: readonly string[]): void {
    const before = this.#wanted.get(kind)
    // no names at first means all to a server of listeners and clusters; this client says what it means
    if (before === undefined && next.length === 0) return
    this.#wanted.set(kind, new Set(next))
    const had = before ?? new Set<string>()
    for (const name of this.#holds.get(kind)!.keys()) if (!this.#wants(kind, name)) this.#holds.get(kind)!.delete(name)
    if (this.#variant === 'delta') {
      const more = next.filter((name) => !had.has(name))
      const less = [...had].filter((name) => !next.includes(name))
      this.client.ask(kind, { names: more, unsubscribe: less })
      return
    }
    // the newest nonce it has read, as T3 wants it
    this.client.ask(kind, { names: next, nonce: this.#nonces.get(kind) ?? '' })
  }

  /** Reads all that has come, and answers the oldest that it has not. What it refuses is something else in the response (A46). */
  answer(refuses: boolean): void {
    this.#unanswered.push(...this.client.take())
    const heard = this.#unanswered.shift()
    if (heard?.kind === undefined) return
    this.#nonces.set(heard.kind, heard.nonce)
    this.#keep(heard)
    const error = refuses ? { error: 'no' } : {}
    const all = [...(this.#wanted.get(heard.kind) ?? [])]
    this.client.ask(heard.kind, { nonce: heard.nonce, ...(this.#variant === 'sotw' ? { names: all } : {}), ...error })
  }

  get silent(): boolean {
    this.#unanswered.push(...this.client.take())
    return this.#unanswered.length === 0
  }

  /** Of each kind that it asked for. */
  holds(): Record<string, Record<string, string>> {
    return Object.fromEntries(
      [...this.#wanted.keys()].map((kind) => [kind, Object.fromEntries(this.#holds.get(kind)!)]),
    )
  }

  wantedOf(state: State): Record<string, Record<string, string>> {
    return Object.fromEntries(
      [...this.#wanted.keys()].map((kind) => {
        const all = Object.entries(state[kind] ?? {})
        return [kind, Object.fromEntries(all.filter(([name]) => this.#wants(kind, name)))]
      }),
    )
  }

  #wants(kind: Kind, name: string): boolean {
    const wanted = this.#wanted.get(kind)
    return wanted !== undefined && (wanted.has('*') || wanted.has(name))
  }

  #keep({ kind, resources, removed }: Heard): void {
    const held = this.#holds.get(kind!)!
    const whole = this.#variant === 'sotw' && (kind === 'cluster' || kind === 'listener')
    if (whole) held.clear()
    for (const [name, value] of Object.entries(resources)) if (this.#wants(kind!, name)) held.set(name, value)
    for (const name of removed) held.delete(name)
  }
}

describe.each<VariantName>(['sotw', 'delta'])('%s:', (variant) => {
  test('a client ends up with what it asked for of the last state', () => {
    fc.assert(
      fc.property(state, fc.array(act, { maxLength: 40 }), state, (first, acts, last) => {
        const model = new Model(variant, first)
        for (const each of acts) play(model, each)
        model.client.change('end', last)
        settle(model)
        expect(withoutLeftovers(model.holds(), last, variant)).toEqual(model.wantedOf(last))
      }),
      { numRuns: 200 },
    )
  })
})

function play(model: Model, each: Act): void {
  const { client } = model
  switch (each.do) {
    case 'change':
      return client.change(`${client.clock.now()}`, each.state)
    case 'want':
      return model.want(each.kind, each.names)
    case 'answer':
      return model.answer(each.refuses)
    case 'fill':
      client.flowing = false
      return
    case 'drain':
      client.flowing = true
      return client.session.drained()
    case 'wait':
      client.clock.advance(1000)
  }
}

function settle(model: Model): void {
  const { client } = model
  client.flowing = true
  client.session.drained()
  for (let turn = 0; turn < 100; turn++) {
    while (!model.silent) model.answer(false)
    client.clock.advance(1000)
  }
}

/** In the state of the world nobody says that endpoints or routes are gone: a client may still hold them. */
function withoutLeftovers(
  holds: Record<string, Record<string, string>>,
  state: State,
  variant: VariantName,
): Record<string, Record<string, string>> {
  if (variant === 'delta') return holds
  return Object.fromEntries(
    Object.entries(holds).map(([kind, held]) => {
      const there = state[kind as Kind] ?? {}
      const silent = kind === 'endpoints' || kind === 'route'
      return [kind, silent ? Object.fromEntries(Object.entries(held).filter(([name]) => name in there)) : held]
    }),
  )
}
