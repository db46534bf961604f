// The two slots in which every undici looks for its global dispatcher: the built-in one, and copies of the application's own.
// Both are taken: an undici that finds its slot empty would fill the other one too.
import { Agent, type Dispatcher } from 'undici'
import type { HttpTransport } from '../http-transport.ts'
import type { MeshDispatcher } from '../mesh-dispatcher.ts'
import type { Gate } from './gate.ts'
import { SlotDispatcher } from './slot-dispatcher.ts'

export const slotNames = ['undici.globalDispatcher.1', 'undici.globalDispatcher.2'] as const

type Slots = Record<symbol, Dispatcher | SlotDispatcher | undefined>

const slots = globalThis as unknown as Slots

/** Returns what undoes it: each slot gets back what was in it, unless somebody else has taken it meanwhile. */
export function takeSlots(transport: HttpTransport, dispatcher: MeshDispatcher, gate: Gate): () => void {
  const taken = slotNames.flatMap((name) => {
    const slot = Symbol.for(name)
    const before = slots[slot] as Dispatcher | undefined
    // a test that mocks requests wants its mock
    if (isMock(before)) return []
    // an undici that was loaded meanwhile relies on its slot being filled, later too
    const instead = before ?? new Agent()
    const occupant = new SlotDispatcher(transport, dispatcher, gate, instead)
    put(slot, occupant)
    return [{ slot, occupant, instead }]
  })
  return () => {
    for (const { slot, occupant, instead } of taken) if (slots[slot] === occupant) put(slot, instead)
  }
}

/** Who holds a slot, in a word: `mesh`, the class of a dispatcher, or nobody. */
export function ownerOf(name: (typeof slotNames)[number]): string {
  const held = slots[Symbol.for(name)]
  if (held === undefined) return 'nobody'
  return held instanceof SlotDispatcher ? 'mesh' : held.constructor.name
}

function isMock(dispatcher: Dispatcher | undefined): boolean {
  return typeof dispatcher === 'object' && 'isMockActive' in dispatcher
}

/** undici defines its slots writable but not configurable, so it is assigned. */
function put(slot: symbol, dispatcher: Dispatcher | SlotDispatcher): void {
  if (slot in slots) slots[slot] = dispatcher
  else Object.defineProperty(slots, slot, { value: dispatcher, writable: true, enumerable: false, configurable: true })
}
