// A context with one value more than another. The API's own copies a map for each value, and three functions with it;
// a call makes three of them.
import { type Context, type Span, trace } from '@opentelemetry/api'

class ContextWith implements Context {
  readonly #around: Context
  readonly #key: symbol
  readonly #value: unknown

  constructor(around: Context, key: symbol, value: unknown) {
    this.#around = around
    this.#key = key
    this.#value = value
  }

  getValue(key: symbol): unknown {
    return key === this.#key ? this.#value : this.#around.getValue(key)
  }

  // what others make of it are contexts of the API again, so none grows deep

  setValue(key: symbol, value: unknown): Context {
    return this.#around.setValue(this.#key, this.#value).setValue(key, value)
  }

  deleteValue(key: symbol): Context {
    return this.#around.setValue(this.#key, this.#value).deleteValue(key)
  }
}

/** The API's own key, which it tells nobody but a context. */
const spanKey: symbol = (() => {
  let key: symbol | undefined
  trace.getSpan({ getValue: (asked: symbol) => (key = asked) && undefined } as Context)
  return key as symbol
})()

/** As `trace.setSpan`. */
export function contextWithSpan(around: Context, span: Span): Context {
  return new ContextWith(around, spanKey, span)
}

/** As `setValue`. */
export function contextWith(around: Context, key: symbol, value: unknown): Context {
  return new ContextWith(around, key, value)
}
