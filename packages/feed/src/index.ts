// @proxyless/feed: where documents come from. It hands over texts and knows nothing of what they say.
export { fileSource } from './file-source.ts'
export { SOURCE_CODES, type SourceCode } from './codes.ts'
export type { FileSourceOptions } from './file-source.ts'
export { layers } from './layers.ts'
export { feed } from './rest/feed.ts'
export type { DocumentFeed, FeedContext, FeedOptions, FeedTls } from './rest/options.ts'
