// Where and how a health check connects: the endpoint's own address or its port for checks, secured as its cluster's calls are.
// Its connections are its own: no limit of the cluster counts them.
import { isIP, type Socket } from 'node:net'
import { buildConnector } from 'undici'
import { type Cluster, type Endpoint, tlsFor } from '@proxyless/core/spi'
import { tlsOptions } from './tls.ts'

type Connected = (...result: [error: Error, socket: null] | [error: null, socket: Socket]) => void

export class HealthTarget {
  readonly secure: boolean
  readonly #endpoint: Endpoint
  readonly #way: ReturnType<typeof tlsFor>
  readonly #timeoutMs: number
  readonly #http2: boolean
  #connector: ReturnType<typeof buildConnector> | undefined

  constructor(endpoint: Endpoint, cluster: Cluster, timeoutMs: number, http2 = false) {
    this.#endpoint = endpoint
    this.#way = tlsFor(cluster, endpoint)
    this.#timeoutMs = timeoutMs
    this.#http2 = http2
    this.secure = this.#way.tls !== undefined
  }

  /** @param host what the server is called; its TLS name where the cluster gives none */
  connect(host: string, connected: Connected): void {
    const { address, port, healthCheck } = this.#endpoint
    const name = this.#way.tls?.serverName ?? (isIP(host) === 0 ? host : undefined)
    try {
      this.#connector ??= this.#build()
    } catch (error) {
      connected(error instanceof Error ? error : new Error(String(error)), null)
      return
    }
    this.#connector(
      {
        hostname: address,
        host,
        protocol: this.secure ? 'https:' : 'http:',
        port: String(healthCheck?.port ?? port),
        ...(this.secure && name !== undefined ? { servername: name } : {}),
      },
      connected,
    )
  }

  /** The check ends by the mesh's clock; this only closes a socket that never connects. @throws Error naming a TLS file that cannot be read */
  #build(): ReturnType<typeof buildConnector> {
    const { address } = this.#endpoint
    const { tls, unavailable } = this.#way
    if (unavailable !== undefined) throw new Error(unavailable)
    return buildConnector({
      ...tlsOptions(tls),
      timeout: this.#timeoutMs,
      ...(this.#http2 ? { allowH2: true, useH2c: true } : {}),
      ...(address.startsWith('unix://') ? { socketPath: address.slice('unix://'.length) } : {}),
    } as Parameters<typeof buildConnector>[0])
  }
}
