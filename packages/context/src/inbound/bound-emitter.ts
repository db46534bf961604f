// Events of a request run where its parser was made, from Node 24 on: handlers that wait for the body would lose what surrounds them.
import type { EventEmitter } from 'node:events'
import type { CallScope } from '@proxyless/core/spi'
import type { CallContext } from '../call-context.ts'

/** All listeners of an emitter run surrounded by a scope. */
export function bindEmitter(emitter: EventEmitter, context: CallContext, scope: CallScope): void {
  const emit = emitter.emit.bind(emitter)
  const bound = (...event: Parameters<typeof emit>): boolean => context.within(scope, () => emit(...event))
  Object.defineProperty(emitter, 'emit', { value: bound, configurable: true, writable: true, enumerable: false })
}
