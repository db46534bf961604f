// Several observers as one: the application's, and those of what the mesh itself keeps.
import type { CallRecord, MeshObserver } from './observer.ts'

type EventOf<K extends keyof MeshObserver> = Parameters<NonNullable<MeshObserver[K]>>[0]

export class Observers implements Required<MeshObserver> {
  #all: readonly MeshObserver[] = []
  /** Somebody hears of calls. */
  hearCalls = false

  add(observer: MeshObserver): void {
    this.#take([...this.#all, observer])
  }

  remove(observer: MeshObserver): void {
    this.#take(this.#all.filter((each) => each !== observer))
  }

  #take(all: readonly MeshObserver[]): void {
    this.#all = all
    this.hearCalls = all.some((each) => each.callEnded !== undefined)
  }

  callEnded(call: CallRecord): void {
    for (const each of this.#all) each.callEnded?.(call)
  }

  endpointEjected(event: EventOf<'endpointEjected'>): void {
    for (const each of this.#all) each.endpointEjected?.(event)
  }

  endpointReturned(event: EventOf<'endpointReturned'>): void {
    for (const each of this.#all) each.endpointReturned?.(event)
  }

  endpointHealthChanged(event: EventOf<'endpointHealthChanged'>): void {
    for (const each of this.#all) each.endpointHealthChanged?.(event)
  }

  configApplied(event: EventOf<'configApplied'>): void {
    for (const each of this.#all) each.configApplied?.(event)
  }
}
