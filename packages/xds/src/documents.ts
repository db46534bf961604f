// The entry `@proxyless/xds/documents`: istiod's documents as a configuration source. Loaded by whoever asks for them.
export { type Translate, xdsDocuments } from './documents/xds-documents.ts'
