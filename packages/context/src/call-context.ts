// Who knows what surrounds a call: one AsyncLocalStorage per mesh, which follows the code that makes it.
import { AsyncLocalStorage } from 'node:async_hooks'
import type { CallScope, Clock, Inbound, Surroundings } from '@proxyless/core/spi'
import { InboundScope } from './inbound-scope.ts'
import { inheritedNames } from './inherited-names.ts'
import { OverridingScope } from './overriding-scope.ts'
import { type CallOverrides, checkOverrides, type Loosening } from './overrides.ts'

export interface ContextOptions {
  /** The mesh's: deadlines are on it. */
  readonly clock: Clock
  /** Names of headers that calls inherit beside those of traces and ids. */
  readonly inherit: readonly string[]
  /** What code may loosen. */
  readonly overrides: readonly Loosening[]
}

export class CallContext implements Surroundings {
  readonly #clock: Clock
  readonly #names: readonly string[]
  readonly #overrides: readonly Loosening[]
  readonly #storage = new AsyncLocalStorage<CallScope>()

  constructor({ clock, inherit, overrides }: ContextOptions) {
    this.#clock = clock
    this.#names = inheritedNames(inherit)
    this.#overrides = overrides
  }

  current(): CallScope | undefined {
    return this.#storage.getStore()
  }

  surround(inbound: Inbound): <T>(next: () => T) => T {
    const scope = this.scopeOf(inbound)
    return (next) => this.within(scope, next)
  }

  /** Runs `next` surrounded by a scope. */
  within<T>(scope: CallScope, next: () => T): T {
    return this.#storage.run(scope, next)
  }

  /** The rest of what runs now, and all it starts, is surrounded by a scope. */
  adopt(scope: CallScope): void {
    this.#storage.enterWith(scope)
  }

  scopeOf(inbound: Inbound): CallScope {
    return new InboundScope(inbound, this.#names, this.#clock.now())
  }

  /** Runs `next` so that the calls it makes are as `overrides` say. @throws MeshError INVALID_OPTION for what is wrong or not allowed */
  with<T>(overrides: CallOverrides, next: () => T): T {
    checkOverrides(overrides, this.#overrides)
    const timeoutWins = this.#overrides.includes('timeout')
    return this.within(new OverridingScope(this.current(), overrides, timeoutWins, this.#clock.now()), next)
  }
}
