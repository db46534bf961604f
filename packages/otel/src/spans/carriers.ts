// Headers as OpenTelemetry's propagators read and write them.
import type { TextMapGetter, TextMapSetter } from '@opentelemetry/api'
import { type HeaderList, type RequestView, setHeader } from '@proxyless/core/spi'

export const headersOf: TextMapGetter<RequestView> = {
  get(view, name) {
    const lines = view.header(name.toLowerCase())
    return lines === undefined || typeof lines === 'string' ? lines : [...lines]
  },
  // no propagator of OpenTelemetry's own asks for them
  keys: () => [],
}

export const intoHeaders: TextMapSetter<HeaderList> = {
  set(headers, name, value) {
    setHeader(headers, name.toLowerCase(), value)
  },
}
