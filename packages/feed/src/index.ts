// @proxyless/feed: where documents come from. It hands over texts and knows nothing of what they say.
export { fileSource } from './file-source.ts'
export type { FileSourceOptions } from './file-source.ts'
