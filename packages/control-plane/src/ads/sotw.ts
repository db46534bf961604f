// State of the world, served: every request names all that is wanted; responses of listeners and clusters are complete.
import { ADS_METHODS, type EncodedResource, isFullState, readSotwRequest, writeSotwResponse } from '@proxyless/xds'
import type { Variant } from './variant.ts'

export const stateOfTheWorld: Variant = {
  name: 'sotw',
  method: ADS_METHODS.sotw,
  manner: (kind) => (isFullState(kind) ? 'whole' : 'parts'),

  read(bytes) {
    const { node, typeUrl, kind, nonce, error, names } = readSotwRequest(bytes)
    const allIfNone = kind !== undefined && isFullState(kind)
    return {
      node,
      typeUrl,
      kind,
      nonce,
      error,
      names,
      overtaken: (watch) => watch.overtaken(names, allIfNone),
      apply: (watch) => watch.replace(names, allIfNone),
    }
  },

  write(kind, { version, resources }, nonce) {
    let body = bodies.get(resources)
    if (body === undefined) bodies.set(resources, (body = writeSotwResponse({ kind, nonce, version, resources })))
    return Buffer.concat([body, writeSotwResponse({ kind, nonce, version, resources: [] })])
  },
}

/** Written once for all who are told the same. Messages of protobuf may be joined: of what is said twice the last holds. */
const bodies = new WeakMap<readonly EncodedResource[], Uint8Array>()
