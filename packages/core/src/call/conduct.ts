// One journey: the page that leads a call from its route to its end. Called by mesh/mesh; its attempts are in tries.
// Straight down, no middleware: Envoy fixes the order, and a first attempt that succeeds passes without a promise.
import type { Wait } from '../base/waits.ts'
import { turnsOnHash } from '../balance/create.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { FaultPolicy, HashPolicy } from '../model/policy.ts'
import { exchangeCookies } from '../route/affinity.ts'
import { hashRequest } from '../route/hash-key.ts'
import type { HeaderEdit } from '../route/header-plan.ts'
import type { RequestView } from '../route/request-view.ts'
import { answerOf } from './answer.ts'
import type { Attempt } from './attempt.ts'
import { asksForNoContent, trustedRetryPolicy } from './control-headers.ts'
import { type CallTimeouts, timeoutsOf } from './deadline.ts'
import { drawAbort, drawDelay } from './fault.ts'
import type { CallHouse } from './house.ts'
import { type Inheritance, inheritanceOf } from './inheritance.ts'
import { isGrpc } from './is-grpc.ts'
import {
  asGrpcReply,
  grpcStatusOf,
  type LocalReply,
  replyBlocked,
  replyClosed,
  replyInvalidPath,
  replyNoCluster,
  replyNoRoute,
  replyToAbort,
  replyToDeadline,
  replyToDrop,
} from './local-reply.ts'
import { sendMirrors } from './mirror.ts'
import { Outgoing } from './outgoing.ts'
import { clusterOf, type ForwardPlan, type Target } from './plan.ts'
import type { CallTrace } from './trace.ts'
import type { Exchange } from './transport.ts'
import { Tries } from './tries.ts'

const noEdits: readonly HeaderEdit[] = []

export class Call {
  /** As policy reads it: with the headers that it inherits, once a host of the mesh claims it. */
  view: RequestView
  readonly exchange: Exchange
  readonly request: Outgoing
  readonly grpc: boolean
  /** The call that this one is a copy of; nobody hears of the end of a copy. */
  readonly mirrorOf: Call | undefined
  /** What its surroundings say of it; undefined: nothing. */
  inheritance: Inheritance | undefined = undefined
  readonly trace: CallTrace | undefined
  readonly #house: CallHouse
  readonly #startedAtMs: number

  /** Empty when none was found. */
  routeName = ''
  /** The answer that the mesh made itself. */
  local: LocalReply | undefined = undefined
  /** Of gRPC calls, as soon as it is known; doors that see it in trailers tell it. */
  grpcStatus: number | undefined = undefined
  target: Target | undefined = undefined
  plan: ForwardPlan | undefined = undefined
  /** The whole request is with the door. */
  requestSent: boolean
  over = false

  #tries: Tries | undefined = undefined
  #delay: Wait | undefined = undefined
  #setCookies: HeaderEdit | undefined = undefined
  #flags = ''
  /** A fault is at work on it. */
  #suffers = false
  /** When the request had ended; where somebody listens. */
  #sentAtMs: number | undefined = undefined

  constructor(house: CallHouse, exchange: Exchange, mirrorOf?: Call) {
    const { view } = exchange
    this.#house = house
    this.exchange = exchange
    this.mirrorOf = mirrorOf
    this.view = view
    this.grpc = isGrpc(view)
    this.requestSent = exchange.body === 'complete'
    this.#startedAtMs = house.clock.now()
    this.request = new Outgoing(view, house, this.#startedAtMs)
    this.trace = house.tracer?.callStarted(this)
  }

  // ---- the way of a request, top to bottom ----

  /** Reads what surrounds it, once and at once: what is done for it later is surrounded by something else. */
  look(): void {
    this.inheritance = inheritanceOf(this.#house, this, this.#startedAtMs)
  }

  /** Finds the route and sets out. @param nowMs its timeouts count from here, where its request has ended */
  begin(nowMs: number = this.#startedAtMs): void {
    const { snapshot } = this.#house
    const { request, inheritance } = this
    if (inheritance !== undefined && inheritance.spent) return this.answer(replyToDeadline())
    if (!request.readTarget(snapshot.pathNormalization)) return this.answer(replyInvalidPath())
    const table = snapshot.routesOf(this.view)
    if (table === undefined) return this.#forwardUnknown(snapshot.unknownHost, nowMs)
    if (inheritance !== undefined) this.view = request.view = inheritance.claimed(this.view)
    const entry = table.find(request)
    if (entry === undefined) return this.answer(replyNoRoute())
    const plan = entry.payload
    this.routeName = plan.route.name
    if (plan.kind === 'answer') return this.answer(answerOf(plan, entry.match.path, request))
    this.#forward(plan, nowMs)
  }

  /** Sets out where it had to wait for a configuration; its caller may have given up meanwhile. */
  beginLate(): void {
    if (!this.over) this.begin(this.#house.clock.now())
  }

  #forwardUnknown(plan: ForwardPlan | undefined, nowMs: number): void {
    if (plan === undefined && this.#house.awaitHost(this)) return
    this.routeName = plan?.route.name ?? 'block_all'
    if (plan === undefined) this.answer(replyBlocked())
    else this.#forward(plan, nowMs)
  }

  /** Sets out on a way that is given: copies of other calls. */
  follow(plan: ForwardPlan): void {
    this.request.readPrepared()
    this.routeName = plan.route.name
    this.plan = plan
    this.#route(plan, this.#startedAtMs)
  }

  /** Faults come before everything that costs anything (Envoy's fault filter sits before its router). */
  #forward(plan: ForwardPlan, nowMs: number): void {
    this.plan = plan
    const fault = plan.faultsDiffer ? this.#aim(plan)?.fault : plan.action.fault
    if (fault === undefined || !this.#house.settings.faults) return this.#route(plan, nowMs)
    const delayMs = drawDelay(fault, this.view, this.#house.random)
    if (delayMs === 0 || !this.#startFault(fault)) return this.#abortOrRoute(plan, fault, nowMs)
    this.flag('DI')
    this.#delay = this.#house.waits.start(delayMs, () => this.#abortOrRoute(plan, fault, this.#house.clock.now()))
  }

  #abortOrRoute(plan: ForwardPlan, fault: FaultPolicy, nowMs: number): void {
    this.#delay = undefined
    const abort = drawAbort(fault, this.view, this.#house.random)
    if (abort === undefined || !this.#startFault(fault)) return this.#route(plan, nowMs)
    this.#aim(plan)
    this.answer(replyToAbort(abort))
  }

  /** Both faults of a call count as one, until it ends. */
  #startFault(fault: FaultPolicy): boolean {
    this.#suffers ||= this.#house.activeFaults.tryStart(fault)
    return this.#suffers
  }

  /** The split, and what is allowed of its cluster. */
  #route(plan: ForwardPlan, nowMs: number): void {
    const target = this.#aim(plan)
    const cluster = this.#house.cluster(this.request.clusterName)
    if (target === undefined || cluster === undefined) return this.answerNoCluster()
    const drop = cluster.drops?.draw(this.#house.random)
    if (drop !== undefined) return this.answer(replyToDrop(drop))
    cluster.limits.countRequest()
    const trusted = this.#house.settings.trustRequestHeaders && this.mirrorOf === undefined
    const tries = new Tries(this.#house, this, cluster, this.#retryOf(plan, trusted), this.#timeoutsOf(plan, trusted))
    tries.noContentAfterTimeout = trusted && asksForNoContent(this.view)
    this.#tries = tries
    this.#send(plan, target, tries, nowMs)
  }

  /** The outgoing headers and path, mirrors and timers: once per call, for all attempts. */
  #send(plan: ForwardPlan, target: Target, tries: Tries, nowMs: number): void {
    const headers = this.exchange.takeHeaders()
    if (this.inheritance !== undefined) this.inheritance.edit(headers, tries.cluster)
    if (!this.request.prepare(headers, plan, target)) return this.answer(replyInvalidPath())
    const { hashPolicies } = plan.action
    if (hashPolicies.length > 0 && turnsOnHash(tries.cluster.model.loadBalancer)) this.#hash(hashPolicies, tries)
    tries.next()
    if (this.requestSent) this.#requestComplete(plan, tries, nowMs)
  }

  /** Draws once. */
  #aim(plan: ForwardPlan): Target | undefined {
    if (this.target !== undefined) return this.target
    const target = plan.split.pick(this.#house.random)
    this.target = target
    if (target === undefined) return undefined
    const cluster = clusterOf(target, this.view)
    this.request.clusterName = this.inheritance === undefined ? cluster : this.inheritance.clusterOf(cluster)
    return target
  }

  #retryOf({ action }: ForwardPlan, trusted: boolean): ForwardPlan['action']['retry'] {
    if (this.#house.settings.retries === false || this.inheritance?.retries === false) return undefined
    return trusted ? trustedRetryPolicy(action.retry, this.view) : action.retry
  }

  /** Copies have the time of their original; what ends it otherwise does not end them, as in Envoy. */
  #timeoutsOf(plan: ForwardPlan, trusted: boolean): CallTimeouts {
    if (this.mirrorOf !== undefined) return { globalMs: this.mirrorOf.#tries?.timeouts.globalMs ?? 0, perTryMs: 0 }
    const ofRoute = trusted || this.grpc ? timeoutsOf(plan.action, this.view, trusted, this.grpc) : plan.timeouts
    return this.inheritance === undefined ? ofRoute : this.inheritance.timeouts(ofRoute)
  }

  /** What consistent balancers turn on, and the cookies that make later calls turn on the same. */
  #hash(policies: readonly HashPolicy[], tries: Tries): void {
    const { affinity, random } = this.#house
    const { request } = this
    const hash = hashRequest(policies, request, affinity, random)
    tries.hashKey = hash
    if (hash?.cookies !== undefined) this.#setCookies = exchangeCookies(hash.cookies, request, affinity)
  }

  /** Copies need the whole request, and the timeout counts from its end. What found no endpoint is not copied. */
  #requestComplete(plan: ForwardPlan, tries: Tries, nowMs: number): void {
    if (this.#house.listens) this.#sentAtMs = nowMs
    if (plan.mirrors.length > 0 && (tries.count > 0 || !this.over)) this.#mirror(plan)
    if (!this.over) tries.startDeadline(nowMs)
  }

  #mirror(plan: ForwardPlan): void {
    sendMirrors(this, plan.mirrors, this.#house.random, (copy, way) => {
      const call = new Call(this.#house, copy, this)
      call.look()
      copy.attach(call)
      call.follow(way)
    })
  }

  /** Its own deadline (`grpc-timeout`) is watched here, because its route lets it decide (Route.max_grpc_timeout). */
  get keepsDeadline(): boolean {
    return this.plan?.action.maxGrpcTimeoutMs !== undefined && this.#tries?.timed === true
  }

  // ---- what the door reports; of attempts it reports to them ----

  /** The whole request is with the door (streaming bodies); timeouts count from here. */
  requestEnded(): void {
    if (this.requestSent || this.over) return
    this.requestSent = true
    if (this.plan === undefined || this.#tries === undefined) return
    this.#requestComplete(this.plan, this.#tries, this.#house.clock.now())
    this.#tries.requestEnded()
  }

  /** The caller gave up: nothing is retried, nothing more is told. @param grpcStatus what a caller by gRPC tells itself */
  cancelled(grpcStatus = 1): void {
    if (this.over) return
    this.flag('DC')
    if (this.grpc) this.grpcStatus = grpcStatus
    this.#cancelDelay()
    this.#tries?.withdraw()
    this.end(this.#tries?.status ?? 0)
  }

  /** Nobody waits for it any longer: as if the caller had given up, but it is told why. */
  deadlinePassed(): void {
    if (this.over) return
    this.#cancelDelay()
    const reply = replyToDeadline()
    if (this.#tries?.breakOff(reply) === true) return
    this.#tries?.withdraw()
    this.answer(reply)
  }

  #cancelDelay(): void {
    if (this.#delay !== undefined) this.#house.waits.cancel(this.#delay)
    this.#delay = undefined
  }

  // ---- the end ----

  /** The mesh answers itself: before the call has set out, or when its attempts have come to nothing. */
  answer(local: LocalReply): void {
    if (this.over) return
    if (local.flag !== '') this.flag(local.flag)
    if (this.grpc) this.grpcStatus = this.#grpcStatusFor(local)
    const decorated = this.#decorate(this.grpc ? asGrpcReply(local, this.grpcStatus) : local)
    this.local = decorated
    this.end(decorated.status)
    this.exchange.reply(decorated)
  }

  /** An answer ends before it is whole; a door may know already what its caller is told. */
  breaksOff(why: LocalReply): void {
    this.flag(why.flag)
    if (this.grpc) this.grpcStatus ??= this.#grpcStatusFor(why)
  }

  #grpcStatusFor(reply: LocalReply): number {
    return this.exchange.grpcStatusOf?.(reply) ?? grpcStatusOf(reply)
  }

  answerNoCluster(): void {
    const remark = this.inheritance?.remark ?? this.#house.remark(this.request.clusterName)
    this.answer(this.#house.closed ? replyClosed() : replyNoCluster(remark))
  }

  /** The route's response operations apply to local replies once a route was chosen. */
  #decorate(local: LocalReply): LocalReply {
    for (const level of this.responseEdits) level.apply(local.headers, this.request)
    return local
  }

  /** Its answer is with the caller, or nobody waits for it. */
  end(status: number): void {
    this.over = true
    this.#tries?.end()
    if (this.inheritance !== undefined) this.inheritance.end()
    if (this.#suffers) this.#house.activeFaults.end()
    if (this.mirrorOf === undefined) this.#house.ended(this, status, this.#startedAtMs)
  }

  /** Adds a response flag. */
  flag(flag: string): void {
    this.#flags = this.#flags === '' ? flag : `${this.#flags},${flag}`
  }

  // ---- what others read of a call ----

  /** What is done to the headers of its answer, in order. */
  get responseEdits(): readonly HeaderEdit[] {
    const plans = this.target?.responsePlans ?? noEdits
    return this.#setCookies === undefined ? plans : [this.#setCookies, ...plans]
  }

  get cluster(): Cluster | undefined {
    return this.#tries?.cluster
  }

  /** More than one attempt may be under way. */
  get hedges(): boolean {
    return this.mirrorOf === undefined && this.inheritance?.retries !== false
  }

  get flags(): string {
    return this.#flags === '' ? '-' : this.#flags
  }

  /** From the end of the request to the head of the answer; undefined: no endpoint has answered, or nobody listens. */
  get upstreamMs(): number | undefined {
    const headAtMs = this.#tries?.headAtMs
    if (headAtMs === undefined || this.#sentAtMs === undefined || headAtMs < this.#sentAtMs) return undefined
    return headAtMs - this.#sentAtMs
  }

  get attempts(): number {
    return this.#tries?.count ?? 0
  }

  /** The latest, or the one that won. */
  get lastAttempt(): Attempt | undefined {
    return this.#tries?.latest
  }

  /** `host > route > cluster > endpoint #attempt`, as far as the call came. */
  get breadcrumb(): string {
    const { lastAttempt } = this
    const parts = [this.view.authority, this.routeName, this.request.clusterName]
    if (lastAttempt !== undefined) parts.push(`${lastAttempt.endpoint.key} #${lastAttempt.number}`)
    return parts.filter((part) => part !== '').join(' > ')
  }
}
