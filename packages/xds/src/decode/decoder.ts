// From bytes to the resources that the client keeps. One bad resource is an answer, never an exception.
import { Cluster } from '../generated/envoy/config/cluster/v3/cluster.ts'
import { Listener } from '../generated/envoy/config/listener/v3/listener.ts'
import type { Piecewise } from '../piecewise.ts'
import type { Decode, Decoded } from '../stream/apply.ts'
import { type DocumentKind, isDocumentKind, type Kind, messageUrl } from '../stream/kinds.ts'
import type { AnyBytes } from '../stream/variant.ts'
import { readCluster } from './cluster.ts'
import { readEndpointsBytes } from './endpoints.ts'
import { readListener } from './listener.ts'
import { type DecodeOptions, Reading } from './reading.ts'
import type { ClusterResource, EndpointsResource, ListenerResource, RouteResource } from './resources.ts'
import { readRouteConfigBytes } from './route-config.ts'

/** One document; never throws. */
export type ReadDocument = (kind: DocumentKind, bytes: Uint8Array) => Decoded

export function createDecoder(options: DecodeOptions, readDocument?: ReadDocument): Decode {
  return function* (kind, body) {
    const expected = messageUrl(kind)
    if (body.typeUrl !== expected) return { ok: false, error: `the type ${body.typeUrl} instead of ${expected}` }
    try {
      if (isDocumentKind(kind)) return readDocument?.(kind, body.value) ?? { ok: false, error: 'no documents are read' }
      const reading = new Reading(options)
      const value = yield* read(reading, kind, body)
      if (value.name === '') return { ok: false, error: 'a resource without a name' }
      return reading.errors.length === 0
        ? { ok: true, name: value.name, value }
        : { ok: false, name: value.name, error: reading.errors.join(', ') }
    } catch (error) {
      return unreadable(error)
    }
  }
}

function* read(
  reading: Reading,
  kind: Kind,
  { value }: AnyBytes,
): Piecewise<ListenerResource | RouteResource | ClusterResource | EndpointsResource> {
  switch (kind) {
    case 'listener':
      return readListener(reading, Listener.decode(value))
    case 'route':
      return yield* readRouteConfigBytes(reading, value)
    case 'cluster':
      return readCluster(reading, Cluster.decode(value))
    case 'endpoints':
      return yield* readEndpointsBytes(reading, value)
  }
}

function unreadable(error: unknown): Decoded {
  return { ok: false, error: `cannot be read: ${error instanceof Error ? error.message : String(error)}` }
}
