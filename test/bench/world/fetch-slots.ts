// The built-in fetch over the dispatchers that stand in undici's slots: with a mesh installed and without, side by side.
import { requestHeaders } from './reviews.ts'

const slots = ['undici.globalDispatcher.1', 'undici.globalDispatcher.2'].map((name) => Symbol.for(name))
const held = globalThis as unknown as Record<symbol, unknown>

export function dispatchersInSlots(): readonly unknown[] {
  return slots.map((slot) => held[slot])
}

/** fetch looks into its slot at once, so both kinds of calls run side by side. Several addresses are called in turn. */
export function fetchIn(dispatchers: readonly unknown[], urls: readonly string[]): () => Promise<Response> {
  let turn = 0
  return () => {
    for (const [index, slot] of slots.entries()) held[slot] = dispatchers[index]
    return fetch(urls[turn++ % urls.length] ?? '', { headers: requestHeaders })
  }
}
