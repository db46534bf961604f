// Documents given in code, as a source: YAML or JSON texts, or plain objects.
import type { DocumentSource, DocumentText } from '@proxyless/core/spi'

export function documentSource(documents: readonly (string | object)[]): DocumentSource {
  const texts = documents.map((document, index): DocumentText => ({
    name: `documents[${index}]`,
    text: typeof document === 'string' ? document : JSON.stringify(document, undefined, 2),
  }))
  return {
    start: (sink) => sink.texts(texts),
    close: async () => {},
  }
}
