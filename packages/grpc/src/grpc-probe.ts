// Asks an endpoint by grpc.health.v1.Health/Check how it is, on a connection of its own. What the answer means is Envoy's.
// When to ask, and what a result changes, is core's business.
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2'
import { connect as connectSocket, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import {
  type Cluster,
  type Endpoint,
  type GrpcHealthCheck,
  type HealthProbe,
  type ProbeResult,
  splitAuthority,
  tlsFor,
} from '@proxyless/core/spi'
import { healthRequest, servingStatus } from './health-messages.ts'
import { tlsFiles } from './tls-files.ts'

const passed: ProbeResult = { kind: 'passed', degraded: false }
const network = (reason: string): ProbeResult => ({ kind: 'failed', reason, atOnce: false, excluded: false })
/** The server has answered: that counts at once. */
const answered = (reason: string): ProbeResult => ({ kind: 'failed', reason, atOnce: true, excluded: false })

export class GrpcProbe implements HealthProbe {
  readonly #check: GrpcHealthCheck
  readonly #endpoint: Endpoint
  readonly #cluster: Cluster
  readonly #authority: string
  #session: ClientHttp2Session | undefined
  /** Answers of an earlier check are dropped. */
  #round = 0

  constructor(check: GrpcHealthCheck, endpoint: Endpoint, cluster: Cluster) {
    this.#check = check
    this.#endpoint = endpoint
    this.#cluster = cluster
    this.#authority = endpoint.healthCheck?.hostname || check.authority || cluster.name
  }

  check(answer: (result: ProbeResult) => void): void {
    const round = ++this.#round
    const tell = (result: ProbeResult): void => {
      if (round !== this.#round) return
      this.#round++
      if (this.#check.reuseConnection === false) this.#drop()
      answer(result)
    }
    try {
      this.#ask(this.#connected(tell), tell)
    } catch (error) {
      tell(network(error instanceof Error ? error.message : String(error)))
    }
  }

  cancel(): void {
    this.#round++
    this.#drop()
  }

  close(): void {
    this.cancel()
  }

  #connected(tell: (result: ProbeResult) => void): ClientHttp2Session {
    if (this.#session !== undefined && !this.#session.closed && !this.#session.destroyed) return this.#session
    const session = connect(`http://${this.#authority}`, { createConnection: () => this.#socket() })
    this.#session = session
    session.on('error', (error) => tell(network(error.message)))
    session.on('close', () => tell(network('the connection was closed')))
    // a server that goes away in peace answers what it was asked; the next check connects anew
    session.on('goaway', (code) => {
      if (this.#session === session) this.#session = undefined
      if (code !== 0) tell(network(`GOAWAY with code ${code}`))
    })
    return session
  }

  /** @throws Error naming a TLS file that cannot be read, or why the endpoint cannot be reached as it should be */
  #socket(): Socket {
    const { address, port, healthCheck } = this.#endpoint
    const { tls, unavailable } = tlsFor(this.#cluster, this.#endpoint)
    if (unavailable !== undefined) throw new Error(unavailable)
    const where = address.startsWith('unix://')
      ? { path: address.slice('unix://'.length) }
      : { host: address, port: healthCheck?.port ?? port }
    if (tls === undefined) return connectSocket(where)
    const { ca, key, cert, ...rest } = tlsFiles(tls)
    const servername = tls.serverName ?? splitAuthority(this.#authority).host
    const files = { ...(ca && { ca }), ...(key && { key }), ...(cert && { cert }) }
    return connectTls({ ...where, ...rest, ...files, servername, ALPNProtocols: ['h2'] })
  }

  #ask(session: ClientHttp2Session, tell: (result: ProbeResult) => void): void {
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      ':authority': this.#authority,
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': 'Envoy/HC',
    })
    const chunks: Buffer[] = []
    let said: IncomingHttpHeaders = {}
    stream.on('response', (headers) => (said = { ...said, ...headers }))
    stream.on('trailers', (trailers) => (said = { ...said, ...trailers }))
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', (error) => tell(network(error.message)))
    stream.on('end', () => tell(judge(said, Buffer.concat(chunks))))
    stream.on('close', () => tell(network('the stream was closed')))
    stream.end(healthRequest(this.#check.serviceName))
  }

  #drop(): void {
    this.#session?.destroy()
    this.#session = undefined
  }
}

/** Only SERVING will do. */
function judge(said: IncomingHttpHeaders, body: Buffer): ProbeResult {
  const http = Number(said[':status'])
  if (http !== 200) return answered(`HTTP status ${http}`)
  const code = Number(said['grpc-status'] ?? Number.NaN)
  if (code !== 0) return answered(Number.isNaN(code) ? 'no gRPC status' : `gRPC status ${code}`)
  const serving = servingStatus(body)
  return serving === 'SERVING' ? passed : answered(serving)
}
