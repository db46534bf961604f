// `feed({ url })`: asks for a feed; the mesh opens it with its own clock, chance and workload.
import { FeedSource } from './feed-source.ts'
import { checkFeedOptions, type DocumentFeed, type FeedOptions } from './options.ts'

/**
 * Documents from an HTTP server: polled, streamed, or both; any server that hands out YAML with an ETag is enough.
 * @throws MeshError INVALID_OPTION for a wrong option
 */
export function feed(options: FeedOptions): DocumentFeed {
  checkFeedOptions(options)
  return { open: (context) => new FeedSource(options, context) }
}
