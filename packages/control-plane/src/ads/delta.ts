// Delta, served: requests say what more and what less is wanted, responses what changed and what is gone.
import {
  ADS_METHODS,
  type EncodedResource,
  isFullState,
  readDeltaRequest,
  WILDCARD,
  writeDeltaResponse,
} from '@proxyless/xds'
import type { Variant } from './variant.ts'

export const delta: Variant = {
  name: 'delta',
  method: ADS_METHODS.delta,
  manner: () => 'changes',

  read(bytes) {
    const { node, typeUrl, kind, nonce, error, subscribe, unsubscribe, initialVersions } = readDeltaRequest(bytes)
    const all = kind !== undefined && isFullState(kind) && subscribe.length === 0
    return {
      node,
      typeUrl,
      kind,
      nonce,
      error,
      names: subscribe,
      apply: (watch, first, set) => {
        watch.subscribe(first && all ? [WILDCARD] : subscribe)
        watch.unsubscribe(unsubscribe)
        if (first && initialVersions.size > 0) watch.resume(initialVersions, set)
      },
    }
  },

  write(kind, { version, resources, removed }, nonce) {
    const own = { kind, nonce, version }
    let body = bodies.get(resources)
    if (body === undefined) bodies.set(resources, (body = writeDeltaResponse({ ...own, resources, removed: [] })))
    return Buffer.concat([body, writeDeltaResponse({ ...own, resources: [], removed })])
  },
}

/** Written once for all who are told the same. Messages of protobuf may be joined: of what is said twice the last holds. */
const bodies = new WeakMap<readonly EncodedResource[], Uint8Array>()
