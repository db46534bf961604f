// A control plane in memory: answers a client's subscriptions with encoded resources, without a socket. No state machine: for one configuration.
import {
  type EncodedConfig,
  type EncodedResource,
  type Kind,
  readSotwRequest,
  WILDCARD,
  writeSotwResponse,
  type XdsHost,
} from '@proxyless/xds'

type Transport = ReturnType<NonNullable<XdsHost['transport']>>

export function inMemory(encoded: EncodedConfig): Transport & { readonly refusals: readonly string[] } {
  const refusals: string[] = []
  return {
    server: 'memory:1',
    refusals,
    close: () => undefined,
    open: (_method, events) => {
      const said = new Map<Kind, string>()
      let nonce = 0
      queueMicrotask(() => events.opened())
      return {
        send: (bytes) => {
          const { kind, names, error } = readSotwRequest(bytes)
          if (error !== undefined) refusals.push(error)
          if (kind === undefined || said.get(kind) === names.join()) return
          said.set(kind, names.join())
          const resources = wanted(encoded[kind], names)
          const response = writeSotwResponse({ kind, nonce: String((nonce += 1)), version: '1', resources })
          queueMicrotask(() => events.message(response, () => undefined))
        },
        close: () => undefined,
      }
    },
  }
}

function wanted(resources: ReadonlyMap<string, EncodedResource>, names: readonly string[]): EncodedResource[] {
  const asked = names.length === 0 || names.includes(WILDCARD) ? [...resources.values()] : []
  return [...new Set([...asked, ...names.flatMap((name) => resources.get(name) ?? [])])]
}
