// What the xDS clients of this process hold, as CSDS has it: every resource with its state, its version and its bytes (gRFC A40).
import { ClientResourceStatus } from '../generated/envoy/admin/v3/config_dump_shared.ts'
import type { Node } from '../generated/envoy/config/core/v3/base.ts'
import type {
  ClientConfig,
  ClientConfig_GenericXdsConfig,
  ClientStatusResponse,
} from '../generated/envoy/service/status/v3/csds.ts'
import { messageUrl, type StreamKind, STREAM_KINDS, TYPE_URLS, WILDCARD } from '../stream/kinds.ts'
import type { Entry, EntryState } from '../stream/store.ts'

/** One configuration source. */
export interface StatusSource {
  readonly node: Node
  /** Whom it configures, for people. */
  readonly scope: string
  wanted(kind: StreamKind): Iterable<readonly [name: string, entry: Entry]>
}

const sources = new Set<StatusSource>()

/** From now on it is among what is told. @returns its end */
export function tellStatus(source: StatusSource): () => void {
  sources.add(source)
  return () => void sources.delete(source)
}

/** @param contents false: without the resources themselves */
export function statusResponse(contents: boolean): ClientStatusResponse {
  return { config: [...sources].map((source) => configOf(source, contents)) }
}

function configOf(source: StatusSource, contents: boolean): ClientConfig {
  const genericXdsConfigs = STREAM_KINDS.flatMap((kind) =>
    [...source.wanted(kind)].flatMap(([name, entry]) =>
      name === WILDCARD ? [] : [resourceOf(kind, name, entry, contents)],
    ),
  )
  return { node: source.node, clientScope: source.scope, genericXdsConfigs }
}

function resourceOf(kind: StreamKind, name: string, entry: Entry, contents: boolean): ClientConfig_GenericXdsConfig {
  const { state, known, error, refused } = entry
  const typeUrl = TYPE_URLS[kind]
  return {
    typeUrl,
    name,
    versionInfo: known?.version ?? '',
    xdsConfig: known !== undefined && contents ? { typeUrl: messageUrl(kind), value: known.bytes } : undefined,
    lastUpdated: known === undefined ? undefined : new Date(known.receivedAt),
    configStatus: 0,
    clientStatus: statuses[state],
    errorState:
      error === undefined
        ? undefined
        : {
            failedConfiguration: undefined,
            details: error,
            versionInfo: refused?.version ?? '',
            lastUpdateAttempt: refused === undefined ? undefined : new Date(refused.at),
          },
    isStaticResource: false,
  }
}

/** The last two are gRFC A88's; the messages at hand are older. */
const statuses: Readonly<Record<EntryState, ClientResourceStatus>> = {
  requested: ClientResourceStatus.REQUESTED,
  doesNotExist: ClientResourceStatus.DOES_NOT_EXIST,
  acked: ClientResourceStatus.ACKED,
  nacked: ClientResourceStatus.NACKED,
  receivedError: 5 as ClientResourceStatus,
  timeout: 6 as ClientResourceStatus,
}
