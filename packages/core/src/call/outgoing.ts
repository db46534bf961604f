// The request as it is sent: path, headers and authority, the same for every attempt but for its number and what time is left.
// It is also what matchers and header formats read of a call. Made by the call; doors send it.
import { below } from '../base/random.ts'
import type { PathNormalization } from '../model/config.ts'
import type { FormatContext } from '../route/format.ts'
import { getHeader, type HeaderList, nameBit, setHeader } from '../route/header-list.ts'
import { isPlain, preparePath, splitTarget } from '../route/path.ts'
import type { Matchable, RequestView } from '../route/request-view.ts'
import { attemptCountHeader, stripControlHeaders } from './control-headers.ts'
import { formatGrpcTimeout } from './deadline.ts'
import type { AuthorityPlan } from '../route/rewrite.ts'
import type { CallHouse } from './house.ts'
import type { ForwardPlan, Target } from './plan.ts'

const million = 1_000_000
const requestIdBit = nameBit('x-request-id')
/** What HTTP/1.1 may be asked for. */
const requestTarget = /^(\/|https?:\/\/)/

export class Outgoing implements Matchable, FormatContext {
  /** As policy reads it: with the headers that it inherits, once a host of the mesh claims it. */
  view: RequestView
  readonly #house: CallHouse
  readonly #startedAtMs: number
  path = ''
  query: string | undefined = undefined
  /** What is sent; ready when the first attempt starts. */
  headers: HeaderList = []
  authority: string
  /** Path and query. */
  target = ''
  /** Of the cluster that was chosen; empty before. */
  clusterName = ''
  /** The host is the name of each attempt's endpoint. */
  namedByEndpoint = false
  #prepared = false
  #dice: number | undefined = undefined

  constructor(view: RequestView, house: CallHouse, startedAtMs: number) {
    this.view = view
    this.#house = house
    this.#startedAtMs = startedAtMs
    this.authority = view.authority
  }

  /** False: the path is invalid. */
  readTarget(mode: PathNormalization): boolean {
    const { target } = this.view
    if (isPlain(target, mode)) {
      this.#take(target, undefined)
      return true
    }
    const { path, query } = splitTarget(target)
    const prepared = preparePath(path, mode)
    if (prepared === undefined) return false
    this.#take(prepared, query)
    return true
  }

  dice(): number {
    return (this.#dice ??= below(this.#house.random, million))
  }

  /** Of a copy: its path was prepared before. */
  readPrepared(): void {
    const { path, query } = splitTarget(this.view.target)
    this.#take(path, query)
  }

  #take(path: string, query: string | undefined): void {
    this.path = path
    this.query = query
    this.target = query === undefined ? path : `${path}?${query}`
  }

  /** The headers and path of all attempts, once the target is chosen. False: the rewritten path is none. */
  prepare(headers: HeaderList, plan: ForwardPlan, target: Target): boolean {
    this.headers = headers
    this.#prepared = true
    stripControlHeaders(headers)
    // header operations see the path as it came, and the host but for what the cluster itself makes of it
    const { requestPlans, ownLevels, ownAuthority } = target
    for (let level = 0; level < requestPlans.length; level++) {
      if (level === ownLevels && ownAuthority !== undefined) this.authority = ownAuthority
      requestPlans[level]?.apply(headers, this)
    }
    if (plan.pathPlan !== undefined) {
      // nothing is left: it stays as it came
      const path = plan.pathPlan(this.path) || this.path
      if (!requestTarget.test(path)) return false
      this.target = this.query === undefined ? path : `${path}?${this.query}`
    }
    if (target.authority !== undefined) this.authority = target.authority
    if (target.authorityPlan !== undefined) this.#planAuthority(target.authorityPlan)
    const { requestId } = this.#house.settings
    if (requestId !== undefined && !this.#hasRequestId(target)) headers.push('x-request-id', requestId())
    return true
  }

  #planAuthority(plan: AuthorityPlan): void {
    this.namedByEndpoint = plan.endpoint
    const host = plan.of(this)
    if (host !== undefined) this.authority = host
  }

  /** Brought by the application or set by a rule. */
  #hasRequestId({ requestPlans }: Target): boolean {
    if (requestPlans.length === 0 && (this.view.headerBits & requestIdBit) === 0) return false
    return getHeader(this.headers, 'x-request-id') !== undefined
  }

  /** The first attempt adds the line, later ones change it. */
  tellAttempt(number: number): void {
    if (number === 1) this.headers.push(attemptCountHeader, '1')
    else setHeader(this.headers, attemptCountHeader, String(number))
  }

  /** What is left for an attempt, for a gRPC server (Envoy setTimeoutHeaders). 0: nothing is said. */
  tellTimeout(timeoutMs: number): void {
    if (timeoutMs !== 0) setHeader(this.headers, 'grpc-timeout', formatGrpcTimeout(timeoutMs))
  }

  // ---- what header formats read ----

  requestHeader(name: string): string | undefined {
    switch (name) {
      case ':method':
        return this.view.method
      case ':scheme':
        return this.view.scheme
      case ':path':
        return this.target
      case ':authority':
      case 'host':
        return this.authority
    }
    const found = this.#prepared ? getHeader(this.headers, name) : this.view.header(name)
    return typeof found === 'string' || found === undefined ? found : found[0]
  }

  get protocol(): string {
    return 'HTTP/1.1'
  }

  get startTimeMs(): number {
    return this.#house.clock.wallNow() - (this.#house.clock.now() - this.#startedAtMs)
  }

  get upstreamCluster(): string {
    return this.#house.cluster(this.clusterName) === undefined ? '' : this.clusterName
  }
}
