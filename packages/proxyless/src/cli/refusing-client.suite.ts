// A client of xDS that refuses what it gets, by hand on grpc-js.
import { Client, credentials } from '@grpc/grpc-js'
import { ADS_METHODS, TYPE_URLS } from '@proxyless/xds'
import { DiscoveryRequest, DiscoveryResponse } from '@proxyless/xds/wire'

/** Asks for all clusters and refuses the answer with this message. */
export async function refuseClusters(server: string, id: string, message: string): Promise<void> {
  const client = new Client(server, credentials.createInsecure())
  const write = (bytes: Uint8Array): Buffer => Buffer.from(bytes)
  const stream = client.makeBidiStreamRequest(ADS_METHODS.sotw, write, (buffer: Buffer) =>
    DiscoveryResponse.decode(buffer),
  )
  const say = (more: Parameters<typeof DiscoveryRequest.fromPartial>[0]): void => {
    const request = DiscoveryRequest.fromPartial({ typeUrl: TYPE_URLS.cluster, ...more })
    stream.write(DiscoveryRequest.encode(request).finish())
  }
  say({ node: { id } })
  await new Promise<void>((resolve, reject) => {
    stream.on('error', reject)
    stream.on('data', ({ nonce }: DiscoveryResponse) => {
      say({ responseNonce: nonce, errorDetail: { code: 3, message } })
      stream.end()
      resolve()
    })
  })
  stream.on('end', () => client.close())
}
