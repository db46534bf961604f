// What one call has of its surroundings, or of its own headers: the deadline and its timer, headers, criticality.
// There only where something is said; all other calls pay one look.
import type { Deadline, Expiring } from '../base/timeouts.ts'
import { getHeader, type HeaderList, nameBit, removeHeader, setHeader } from '../route/header-list.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { RequestView } from '../route/request-view.ts'
import type { Call } from './conduct.ts'
import { controlHeader } from './control-headers.ts'
import { type CallTimeouts, effectiveTimeouts, formatGrpcTimeout, parseGrpcTimeout } from './deadline.ts'
import type { CallHouse } from './house.ts'
import type { Outgoing } from './outgoing.ts'
import { type CallScope, criticalityHeader, deadlineHeader, traceHeaders } from './scope.ts'
import { ScopedView } from './scoped-view.ts'

/** What grpc-js takes as metadata; a header of HTTP may be more. */
const legalInGrpc = /^[0-9a-z_.-]+$/
const printable = /^[ -~]*$/
const deadlineBit = nameBit(deadlineHeader)
/** Of headers by which an application speaks to the mesh. */
export const meshBits: number = deadlineBit | nameBit(criticalityHeader)

/** Undefined where nothing is said. */
export function inheritanceOf(house: CallHouse, call: Call, nowMs: number): Inheritance | undefined {
  const scope = call.mirrorOf === undefined ? house.surroundings?.current() : call.mirrorOf.inheritance?.scope
  if (scope === undefined && (call.view.headerBits & meshBits) === 0) return undefined
  return new Inheritance(house, call, scope, nowMs)
}

export class Inheritance implements Expiring {
  readonly scope: CallScope | undefined
  /** What the application has written into the request itself; Infinity: nothing. */
  readonly #saidAtMs: number
  readonly #house: CallHouse
  readonly #call: Call
  #timer: Deadline | undefined = undefined
  /** The view that shows inherited headers; undefined while no host of the mesh claims the call. */
  #view: ScopedView | undefined = undefined
  /** It goes to endpoints of the mesh; known once it is sent. */
  stays = false

  constructor(house: CallHouse, call: Call, scope: CallScope | undefined, nowMs: number) {
    this.#house = house
    this.#call = call
    this.scope = scope
    this.#saidAtMs = headerDeadline(call.view, nowMs)
    this.#arm(this.deadlineAtMs - nowMs)
  }

  /** On the mesh's clock; Infinity: none, or none any more. */
  get deadlineAtMs(): number {
    return Math.min(this.scope?.deadlineAtMs ?? Infinity, this.#saidAtMs)
  }

  get spent(): boolean {
    return this.leftMs <= 0
  }

  /** Until the deadline; Infinity: there is none. */
  get leftMs(): number {
    const { deadlineAtMs } = this
    return deadlineAtMs === Infinity ? Infinity : deadlineAtMs - this.#house.clock.now()
  }

  /** A host of the mesh claims the call: what policy reads of it from here on. */
  claimed(view: RequestView): RequestView {
    const { trace, grpc } = this.#call
    let { headers = [] } = this.scope ?? {}
    if (trace?.carries === true) headers = linesOf(headers, (name) => !traceHeaders.includes(name))
    if (grpc) headers = linesOf(headers, (name, value) => legalInGrpc.test(name) && printable.test(value))
    this.#view = new ScopedView(view, headers)
    return this.#view
  }

  /** What is sent: with what the call inherits, or without what concerns the mesh alone where it leaves the mesh. */
  edit(headers: HeaderList, { model }: Cluster): void {
    const { mirrorOf } = this.#call
    this.stays = model.external !== true && (this.#view !== undefined || mirrorOf !== undefined)
    removeHeader(headers, deadlineHeader)
    if (this.stays) this.#add(headers)
    else removeHeader(headers, criticalityHeader)
    this.#view?.pass(headers)
    // a copy begins with what its original has sent
    if (!this.stays) for (const name of mirrorOf?.inheritance?.added ?? []) removeHeader(headers, name)
  }

  #add(headers: HeaderList): void {
    if (this.#view === undefined) return
    headers.push(...this.#view.inherited)
    const { criticality } = this.scope ?? {}
    if (criticality !== undefined && getHeader(headers, criticalityHeader) === undefined)
      headers.push(criticalityHeader, criticality)
  }

  /** Names of headers that the call itself has not. */
  get added(): readonly string[] {
    return this.#view?.inherited.filter((_, i) => i % 2 === 0) ?? []
  }

  /** Tells an attempt how long its answer is waited for. @param boundMs its own timeout; 0: none */
  tell(request: Outgoing, boundMs: number): void {
    const untilMs = this.leftMs
    if (untilMs === Infinity) return
    const leftMs = Math.max(1, Math.floor(Math.min(untilMs, boundMs === 0 ? Infinity : boundMs)))
    if (this.stays) setHeader(request.headers, deadlineHeader, String(leftMs))
    if (!this.#call.grpc) return
    const told = getHeader(request.headers, 'grpc-timeout')
    const toldMs = typeof told === 'string' ? parseGrpcTimeout(told) : undefined
    if (toldMs === undefined || toldMs > leftMs) setHeader(request.headers, 'grpc-timeout', formatGrpcTimeout(leftMs))
  }

  /** The route's, as the surroundings change them. */
  timeouts(ofRoute: CallTimeouts): CallTimeouts {
    return scopedTimeouts(this.scope, ofRoute)
  }

  get retries(): boolean {
    return this.scope?.retries !== false
  }

  /** Where another variant is wanted of what the route has chosen; copies go where the route says. */
  clusterOf(cluster: string): string {
    const variant = this.#variant
    if (variant === undefined) return cluster
    return this.#house.snapshot.variantOf(cluster, variant) ?? `${cluster} ${variant}`
  }

  /** Why there may be no cluster. */
  get remark(): string | undefined {
    const variant = this.#variant
    return variant === undefined ? undefined : `the service has no "${variant}" that calls could be led to`
  }

  get #variant(): string | undefined {
    return this.#call.mirrorOf === undefined ? this.scope?.variant : undefined
  }

  /** What was spent before is told when the call begins. */
  #arm(leftMs: number): void {
    if (leftMs > 0 && leftMs !== Infinity) this.#timer = this.#house.timeouts.add(Math.ceil(leftMs), 0, this)
  }

  /** Unless it holds no more: the request that it came with may have been answered. */
  expired(): void {
    this.#timer = undefined
    const { leftMs } = this
    // a timer may be a hair early; half a millisecond is due
    if (leftMs > 0.5) this.#arm(leftMs)
    else this.#call.deadlinePassed()
  }

  end(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }
}

function linesOf(headers: readonly string[], which: (name: string, value: string) => boolean): readonly string[] {
  return headers.filter((_, i) => which(headers[i - (i % 2)] ?? '', headers[i - (i % 2) + 1] ?? ''))
}

/** What the application has written into the request itself; Infinity: nothing. */
export function headerDeadline(view: RequestView, nowMs: number): number {
  const said = (view.headerBits & deadlineBit) === 0 ? undefined : controlHeader(view, deadlineHeader)
  return said === undefined ? Infinity : nowMs + said
}

/** A route's timeouts, as code around a call changes them. */
export function scopedTimeouts(scope: CallScope | undefined, ofRoute: CallTimeouts): CallTimeouts {
  if (scope?.timeoutMs === undefined) return ofRoute
  const { timeoutMs, timeoutWins } = scope
  const wins = timeoutWins || ofRoute.globalMs === 0 || timeoutMs < ofRoute.globalMs
  return wins ? effectiveTimeouts(timeoutMs, ofRoute.perTryMs) : ofRoute
}
