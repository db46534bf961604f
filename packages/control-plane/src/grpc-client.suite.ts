// A client of a running control plane by grpc-js, of which the test says every word.
import { Client, type ClientDuplexStream, credentials, type StatusObject } from '@grpc/grpc-js'
import { ADS_METHODS, TYPE_URLS } from '@proxyless/xds'
import { DiscoveryRequest, DiscoveryResponse } from '@proxyless/xds/wire'

export class GrpcClient {
  readonly heard: DiscoveryResponse[] = []
  readonly ended: Promise<StatusObject>
  readonly #client: Client
  readonly #stream: ClientDuplexStream<Uint8Array, DiscoveryResponse>

  constructor(server: string) {
    this.#client = new Client(server, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 })
    const write = (bytes: Uint8Array): Buffer => Buffer.from(bytes)
    const read = (buffer: Buffer): DiscoveryResponse => DiscoveryResponse.decode(buffer)
    this.#stream = this.#client.makeBidiStreamRequest(ADS_METHODS.sotw, write, read)
    this.#stream.on('data', (response: DiscoveryResponse) => this.heard.push(response))
    this.#stream.on('error', () => undefined)
    this.ended = new Promise((resolve) => this.#stream.on('status', resolve))
  }

  /** About clusters, unless told otherwise. */
  ask(request: Parameters<typeof DiscoveryRequest.fromPartial>[0]): void {
    this.say(DiscoveryRequest.encode(DiscoveryRequest.fromPartial({ typeUrl: TYPE_URLS.cluster, ...request })).finish())
  }

  say(bytes: Uint8Array): void {
    this.#stream.write(bytes)
  }

  /** Reads nothing until `resume`. */
  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    this.#stream.resume()
  }

  close(): void {
    this.#stream.cancel()
    this.#client.close()
  }
}
