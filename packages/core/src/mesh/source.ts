// Where configuration comes from: the contracts between the engine and its configuration doors.
import type { Cluster } from '../cluster/cluster.ts'
import type { MeshConfig } from '../model/config.ts'
import type { Problem } from '../model/origin.ts'

/** Receives configuration. Always the whole world, never a delta. */
export interface ConfigSink {
  config(config: MeshConfig): void
  /** Bad news of the source itself (unreadable directory, lost stream); what was there before is kept. */
  problem(problem: Problem): void
  /** Clusters in use with their endpoints' numbers: for sources that report load. */
  living?(): ReadonlyMap<string, Cluster>
}

/** How near the configuration in force is to what its source has. */
export interface Freshness {
  /** `cached`: from the disk, the source has not been reached; `stale`: the source fails now. */
  readonly state: 'live' | 'cached' | 'stale'
  /** Since the source said so; while it has said nothing yet, since it is asked. */
  readonly ageMs: number
}

/** Yields whole configurations until closed. */
export interface ConfigSource {
  /** Starts once; may call the sink at once or later. */
  start(sink: ConfigSink): void
  /**
   * A call waits for a host that the configuration does not know. For sources whose configurations say so (`unknownHosts`
   * `ask`): within a bounded time one must follow that claims the host, if only to say why nobody can be reached.
   * @param host `name:port`, lower case; or what a request has asked for by other means (`RequestView.wanted`)
   */
  want?(host: string): void
  /** Why a cluster is not there or has no endpoints, as far as it knows: for the message of the call that fails for it. */
  remark?(cluster: string): string | undefined
  /** Left out by sources that are never behind. */
  freshness?(): Freshness
  close(): Promise<void>
}

/** One text that holds documents: a file, a body. */
export interface DocumentText {
  /** File path or address, for people. */
  readonly name: string
  readonly text: string
  /** Where several sources are one: a document of a later layer wins over the same one of an earlier. Default 0. */
  readonly layer?: number
}

/** Receives the full set of texts; a text with the same name and content as before is unchanged. */
export interface DocumentSink {
  texts(texts: readonly DocumentText[]): void
  problem(problem: Problem): void
  /** Whether a text holds no document, in whatever way it says so; one that cannot be read may hold some. */
  isEmpty(text: DocumentText): boolean
}

/** Yields the texts of documents until closed; knows nothing of their content. */
export interface DocumentSource {
  start(sink: DocumentSink): void
  /** A set that was handed over is in force, with these problems; sets that newer ones overtook are not judged. */
  judged?(texts: readonly DocumentText[], problems: readonly Problem[]): void
  freshness?(): Freshness
  close(): Promise<void>
}
