// Virtual hosts in bytes, remembered by the model's objects, and what is put together from them.
import { BinaryWriter } from '@bufbuild/protobuf/wire'
import type { VirtualHost } from '@proxyless/core/spi'
import { RouteConfiguration } from '../generated/envoy/config/route/v3/route.ts'
import { VirtualHost as WireHost } from '../generated/envoy/config/route/v3/route_components.ts'
import { type Place, writeVirtualHost } from './virtual-host.ts'

interface Written extends Place {
  readonly bytes: Uint8Array
}

/** Envoy's limit for the bodies of direct responses, unless the routes say another. */
const usualBody = 4096

export class HostBytes {
  readonly #written = new WeakMap<VirtualHost, Written[]>()

  of(host: VirtualHost, place: Place): Uint8Array {
    let written = this.#written.get(host)
    if (written === undefined) this.#written.set(host, (written = []))
    const { domains, port } = place
    const known = written.find((each) => each.port === port && sameTexts(each.domains, domains))
    if (known !== undefined) return known.bytes
    const bytes = WireHost.encode(writeVirtualHost(host, place)).finish()
    written.push({ ...place, bytes })
    return bytes
  }
}

/** A RouteConfiguration of virtual hosts that are bytes already. */
export function writeRoutes(name: string, hosts: readonly VirtualHost[], encoded: Iterable<Uint8Array>): Uint8Array {
  const largest = Math.max(...hosts.map(largestBody))
  const writer = new BinaryWriter()
  RouteConfiguration.encode(
    RouteConfiguration.fromPartial({
      name,
      ignorePortInHostMatching: true,
      validateClusters: false,
      ...(largest > usualBody ? { maxDirectResponseBodySizeBytes: largest } : {}),
    }),
    writer,
  )
  for (const bytes of encoded) writer.uint32(18).bytes(bytes)
  return writer.finish()
}

function largestBody({ routes }: VirtualHost): number {
  let largest = 0
  for (const { action } of routes) {
    if (action.kind === 'directResponse') largest = Math.max(largest, Buffer.byteLength(action.body ?? ''))
  }
  return largest
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((text, index) => text === b[index]))
}
