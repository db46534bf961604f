// Many clients of a control plane in one process, each with a connection of its own: plain ADS streams that ask as sidecars do,
// answer everything, and keep nothing. Started with an address and a number; sends `ready` when all have everything,
// then for each change when the last of them has heard of it.
import { Client, credentials } from '@grpc/grpc-js'
import { ADS_METHODS, type Kind, kindOf, TYPE_URLS } from '@proxyless/xds'
import { DiscoveryRequest, DiscoveryResponse } from '@proxyless/xds/wire'

/** When all clients have heard, by the clock of the machine. */
export interface Heard {
  readonly atMs: number
}

const [address = '', number = '0'] = process.argv.slice(2)
const count = Number(number)
/** So many connect at a time. */
const batch = 50

let waiting = 0
let told: () => void = () => undefined

/** Resolves when every client has been sent endpoints since the call. */
function allTold(): Promise<void> {
  waiting = count
  return new Promise((resolve) => (told = resolve))
}

const asIs = (bytes: Uint8Array): Buffer => Buffer.from(bytes)

/** Resolves when it has all four kinds. */
function connect(id: number): Promise<void> {
  const client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 })
  const stream = client.makeBidiStreamRequest(ADS_METHODS.sotw, asIs, (buffer: Buffer) =>
    DiscoveryResponse.decode(buffer),
  )
  const names = new Map<Kind, string[]>()
  const ask = (kind: Kind, more: Parameters<typeof DiscoveryRequest.fromPartial>[0] = {}): void => {
    const request = { typeUrl: TYPE_URLS[kind], resourceNames: names.get(kind) ?? [], ...more }
    stream.write(DiscoveryRequest.encode(DiscoveryRequest.fromPartial(request)).finish())
  }
  const node = { id: `sidecar~10.0.0.1~web-${id}.shop~shop.svc.cluster.local`, metadata: { NAMESPACE: 'shop' } }
  ask('cluster', { node })
  stream.on('error', (error) => {
    throw error
  })
  return new Promise((resolve) => {
    const missing = new Set<Kind>(['cluster', 'endpoints', 'listener', 'route'])
    stream.on('data', ({ typeUrl, nonce, versionInfo, resources }: DiscoveryResponse) => {
      const kind = kindOf(typeUrl)
      if (kind === undefined) return
      const first = missing.delete(kind)
      if (kind === 'endpoints' && !first && --waiting === 0) told()
      ask(kind, { responseNonce: nonce, versionInfo })
      if (first && kind === 'cluster') {
        names.set(
          'endpoints',
          resources.map(nameOf).filter((name) => name.startsWith('outbound|')),
        )
        ask('endpoints')
        ask('listener')
      }
      if (first && kind === 'listener') {
        names.set('route', ['80'])
        ask('route')
      }
      if (first && missing.size === 0) resolve()
    })
  })
}

/** The first field of a cluster. */
function nameOf({ value }: { readonly value: Uint8Array }): string {
  return new TextDecoder().decode(value.subarray(2, 2 + (value[1] ?? 0)))
}

for (let id = 0; id < count; id += batch) {
  await Promise.all(Array.from({ length: Math.min(batch, count - id) }, (_, index) => connect(id + index)))
}
let next = allTold()
process.send?.('ready')
process.on('message', () => {
  void next.then(() => {
    const heard: Heard = { atMs: Date.now() }
    next = allTold()
    process.send?.(heard)
  })
})
process.on('disconnect', () => process.exit())
