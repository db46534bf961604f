// Takes in what goes through node:http and node:https: one method of their Agents, through which every request with an agent passes.
// Who has got hold of `request` or of an Agent before is meshed like all others.
import { Agent as PlainAgent, type ClientRequest } from 'node:http'
import { Agent as TlsAgent } from 'node:https'
import { getHeader, type HeaderList, nameBits, type RequestView, unmeshed } from '@proxyless/core/spi'
import { authorityOf, type Destination } from '../node-http/incoming-view.ts'
import { flattenHeaders } from '../headers.ts'
import type { MeshHttpAgent, MeshHttpsAgent } from '../node-http/mesh-agent.ts'
import type { Gate } from './gate.ts'

/** What a ClientRequest hands to its agent; not documented, and the same in every Node since 0.12. */
interface Asked {
  readonly host?: string
  readonly port?: number | string
  readonly socketPath?: string | null
  readonly [option: string]: unknown
}

type AddRequest = (this: PlainAgent, request: ClientRequest, asked: Asked, ...more: unknown[]) => void

const prototype = PlainAgent.prototype as unknown as { addRequest: AddRequest }

/** Options that say whom to trust, or who we are: the application's own arrangement, which the mesh cannot keep. */
const tlsOptions = ['ca', 'cert', 'key', 'pfx', 'secureContext', 'checkServerIdentity'] as const

export interface MeshAgents {
  readonly http: MeshHttpAgent
  readonly https: MeshHttpsAgent
}

export interface Patch {
  /** Unless somebody else has patched the method meanwhile: then it lets everything pass. */
  readonly undo: () => void
  readonly holds: () => boolean
}

export function patchAgents(agents: MeshAgents, gate: Gate): Patch {
  const before = prototype.addRequest
  let active = true
  const meshing: AddRequest = function (request, asked, ...more) {
    const secure = this instanceof TlsAgent
    const led = active && this !== agents.http && this !== agents.https && isLed(this, request, asked, secure, gate)
    if (led) before.call(secure ? agents.https : agents.http, request, asked)
    else before.call(this, request, asked, ...more)
  }
  prototype.addRequest = meshing
  const holds = (): boolean => prototype.addRequest === meshing
  const undo = (): void => {
    active = false
    if (holds()) prototype.addRequest = before
  }
  return { undo, holds }
}

function isLed(agent: PlainAgent, request: ClientRequest, asked: Asked, secure: boolean, gate: Gate): boolean {
  if (typeof asked !== 'object' || unmeshed in agent || unmeshed in asked) return false
  const view = new RequestedView(request, asked, secure)
  const obstacle = obstacleOf(agent, request, asked)
  if (obstacle === undefined) return gate.admits('http', view)
  gate.bypasses('http', view, obstacle)
  return false
}

/** Why the mesh cannot lead a request as its application means it. */
function obstacleOf(agent: PlainAgent, request: ClientRequest, asked: Asked): string | undefined {
  if (asked.socketPath) return 'a Unix socket'
  if (request.method === 'CONNECT') return 'a tunnel'
  const { prototype: own } = agent instanceof TlsAgent ? TlsAgent : PlainAgent
  if (Object.getPrototypeOf(agent) !== own) return `an agent of its own class (${agent.constructor.name})`
  if (Object.hasOwn(agent, 'createConnection') || typeof asked['createConnection'] === 'function') {
    return 'a createConnection of its own'
  }
  const { options } = agent as unknown as { readonly options: Asked }
  const has = (name: string): boolean => (asked[name] ?? options[name]) !== undefined
  if (tlsOptions.some(has) || (asked['rejectUnauthorized'] ?? options['rejectUnauthorized']) === false) {
    return 'TLS options of its own'
  }
  return undefined
}

/** As policy reads it, before anything is sent. */
class RequestedView implements RequestView {
  readonly scheme: 'http' | 'https'
  readonly hostname: string
  readonly port: number
  readonly authority: string
  readonly method: string
  readonly target: string
  readonly #request: ClientRequest
  #headers: HeaderList | undefined

  constructor(request: ClientRequest, { host, port }: Asked, secure: boolean) {
    this.#request = request
    this.scheme = secure ? 'https' : 'http'
    this.hostname = host ?? 'localhost'
    this.port = Number(port ?? (secure ? 443 : 80))
    const named = request.getHeader('host')
    this.authority = typeof named === 'string' ? named : authorityOf(this satisfies Destination)
    this.method = request.method
    this.target = request.path
  }

  header(name: string): ReturnType<RequestView['header']> {
    return getHeader(this.#list, name)
  }

  get headerBits(): number {
    return nameBits(this.#list)
  }

  get #list(): HeaderList {
    this.#headers ??= flattenHeaders(this.#request.getHeaders()).list
    return this.#headers
  }
}
