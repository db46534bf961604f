// One journey: the page that leads a call from its route to its end. Called by mesh/mesh, reported to by traffic doors.
// Straight down, no middleware: Envoy fixes the order, and a first attempt that succeeds passes without a promise.
import type { Deadline, Expiring } from '../base/timeouts.ts'
import type { Wait } from '../base/waits.ts'
import { turnsOnHash } from '../balance/create.ts'
import type { HashKey } from '../balance/picker.ts'
import type { PathNormalization } from '../model/config.ts'
import type { HashPolicy, RetryPolicy } from '../model/policy.ts'
import type { Adaptive } from '../cluster/adaptive.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Endpoint } from '../cluster/endpoint.ts'
import type { Limits } from '../cluster/limits.ts'
import { anyEndpoint, type Selecting } from '../cluster/selecting.ts'
import type { Failure, Verdict } from '../cluster/verdict.ts'
import type { Matchable, RequestView } from '../route/request-view.ts'
import { exchangeCookies } from '../route/affinity.ts'
import { hashRequest } from '../route/hash-key.ts'
import { getHeader, type HeaderList, nameBit, setHeader } from '../route/header-list.ts'
import type { HeaderEdit } from '../route/header-plan.ts'
import type { FormatContext } from '../route/format.ts'
import { isPlain, preparePath, splitTarget } from '../route/path.ts'
import { answerOf } from './answer.ts'
import { Attempt } from './attempt.ts'
import { asksForNoContent, attemptCountHeader, stripControlHeaders, trustedRetryPolicy } from './control-headers.ts'
import { attemptTimeoutMs, type CallTimeouts, formatGrpcTimeout, noTimeouts, timeoutsOf } from './deadline.ts'
import { drawAbort, drawDelay } from './fault.ts'
import type { CallHouse } from './house.ts'
import {
  asGrpcReply,
  flagOf,
  type LocalReply,
  replyBlocked,
  replyClosed,
  replyInvalidPath,
  replyNoCluster,
  replyNoHost,
  replyNoRoute,
  replyReplayExceeded,
  replyToRefusal,
  replyToAbort,
  replyToFailure,
} from './local-reply.ts'
import { parseLoadReport } from './load-report.ts'
import { sendMirrors } from './mirror.ts'
import type { ForwardPlan, Target } from './plan.ts'
import { ownDelayOf, ownSentAtMs } from './own-delay.ts'
import { Race } from './race.ts'
import { rateLimitedMs } from './rate-limited.ts'
import { backoffMs, retryReason } from './retry.ts'
import type { Exchange } from './transport.ts'

const globalDeadline = 0
const perTryDeadline = 1
const hedgeDeadline = 2
/** Above these two bits of a deadline's kind stands the number of its attempt. */
const kindBits = 2
const contentTypeBit = nameBit('content-type')
const requestIdBit = nameBit('x-request-id')
const noEdits: readonly HeaderEdit[] = []

export class Call implements Matchable, Expiring, FormatContext, Selecting {
  readonly view: RequestView
  readonly exchange: Exchange
  readonly #house: CallHouse
  readonly #startedAtMs: number
  readonly #mirrorOf: Call | undefined
  readonly grpc: boolean
  path = ''
  query: string | undefined = undefined

  /** What consistent balancers turn on. */
  hashKey: HashKey | undefined = undefined

  /** What is sent; ready when the first attempt starts. */
  headers: HeaderList = []
  authority: string
  requestPath = ''
  /** Empty when none was found. */
  routeName = ''
  /** Of the answer that the mesh made itself; empty while there is none. */
  details = ''
  target: Target | undefined = undefined
  cluster: Cluster | undefined = undefined

  #prepared = false
  #plan: ForwardPlan | undefined = undefined
  #retry: RetryPolicy | undefined = undefined
  #timeouts: CallTimeouts = noTimeouts
  /** The latest, or the one that won. */
  #attempt: Attempt | undefined = undefined
  /** Earlier ones that may still answer. */
  #race: Race | undefined = undefined
  #tried: readonly Endpoint[] | undefined = undefined
  #attempts = 0
  #retriesLeft = 0
  #backoffs = 0
  #noContentAfterTimeout = false
  #flags = ''
  #deadline: Deadline | undefined = undefined
  /** When the first attempt gets another beside it. */
  #hedging: Deadline | undefined = undefined
  #wait: Wait | undefined = undefined
  #requestSent: boolean
  #setCookies: HeaderEdit | undefined = undefined
  /** Where this call holds a place among the retries. */
  #retryReserved: Limits | undefined = undefined
  #status = 0
  #over = false

  /** @param mirrorOf the call this one is a copy of, if it is one; nobody hears of its end */
  constructor(house: CallHouse, exchange: Exchange, mirrorOf?: Call) {
    this.#house = house
    this.exchange = exchange
    this.#mirrorOf = mirrorOf
    this.view = exchange.view
    this.authority = exchange.view.authority
    this.grpc = isGrpc(exchange.view)
    this.#requestSent = exchange.body === 'complete'
    this.#startedAtMs = house.clock.now()
  }

  // ---- the way of a request, top to bottom ----

  /** Finds the route and sets out. */
  begin(): void {
    const { snapshot } = this.#house
    if (!this.#readTarget(snapshot.pathNormalization)) return this.#answer(replyInvalidPath())
    const table = snapshot.routesOf(this.view)
    if (table === undefined) return this.#forwardUnknown(snapshot.unknownHost)
    const entry = table.find(this)
    if (entry === undefined) return this.#answer(replyNoRoute())
    const plan = entry.payload
    this.routeName = plan.route.name
    if (plan.kind === 'answer') return this.#answer(answerOf(plan, entry.match.path, this))
    this.#forward(plan)
  }

  /** Sets out where it had to wait for the first configuration; its caller may have given up meanwhile. */
  beginLate(): void {
    if (!this.#over) this.begin()
  }

  /** Is answered without having set out. */
  refuse(reply: LocalReply): void {
    this.#answer(reply)
  }

  /** False: the path is invalid. */
  #readTarget(mode: PathNormalization): boolean {
    const { target } = this.view
    if (isPlain(target, mode)) {
      this.#takePath(target, undefined)
      return true
    }
    const { path, query } = splitTarget(target)
    const prepared = preparePath(path, mode)
    if (prepared === undefined) return false
    this.#takePath(prepared, query)
    return true
  }

  #forwardUnknown(plan: ForwardPlan | undefined): void {
    this.routeName = plan?.route.name ?? 'block_all'
    if (plan === undefined) this.#answer(replyBlocked())
    else this.#forward(plan)
  }

  /** Sets out on a way that is given: copies of other calls. */
  follow(plan: ForwardPlan): void {
    const { path, query } = splitTarget(this.view.target)
    this.#takePath(path, query)
    this.routeName = plan.route.name
    this.#plan = plan
    this.#route(plan, this.#startedAtMs)
  }

  #takePath(path: string, query: string | undefined): void {
    this.path = path
    this.query = query
    this.requestPath = query === undefined ? path : `${path}?${query}`
  }

  /** Faults come before everything that costs anything (Envoy's fault filter sits before its router). */
  #forward(plan: ForwardPlan): void {
    this.#plan = plan
    const { fault } = plan.action
    if (fault === undefined || !this.#house.settings.faults) return this.#route(plan, this.#startedAtMs)
    const delayMs = drawDelay(fault, this.#house.random)
    if (delayMs === 0) return this.#abortOrRoute(plan, this.#startedAtMs)
    this.#flag('DI')
    this.#wait = this.#house.waits.start(delayMs, () => this.#abortOrRoute(plan, this.#house.clock.now()))
  }

  #abortOrRoute(plan: ForwardPlan, nowMs: number): void {
    this.#wait = undefined
    const abort = plan.action.fault && drawAbort(plan.action.fault, this.#house.random)
    if (abort === undefined) return this.#route(plan, nowMs)
    this.target = plan.split.pick(this.#house.random)
    this.#answer(replyToAbort(abort))
  }

  /** The split, the outgoing headers and path, mirrors and timers: once per call, for all attempts. */
  #route(plan: ForwardPlan, nowMs: number): void {
    const { settings, random } = this.#house
    const target = plan.split.pick(random)
    const cluster = target && this.#house.cluster(target.cluster)
    this.target = target
    if (target === undefined || cluster === undefined) return this.#answerNoCluster()
    this.cluster = cluster
    cluster.limits.countRequest()
    const trusted = settings.trustRequestHeaders && this.#mirrorOf === undefined
    this.#retry = trusted ? trustedRetryPolicy(plan.action.retry, this.view) : plan.action.retry
    this.#noContentAfterTimeout = trusted && asksForNoContent(this.view)
    this.#retriesLeft = this.#retry?.numRetries ?? 0
    this.#timeouts =
      this.#mirrorOf === undefined
        ? this.#timeoutsOf(plan, trusted)
        : { globalMs: this.#mirrorOf.#timeouts.globalMs, perTryMs: 0 }
    if (!this.#prepare(plan, target)) return this.#answer(replyInvalidPath())
    const { hashPolicies } = plan.action
    if (hashPolicies.length > 0 && turnsOnHash(cluster.model.loadBalancer)) this.#hash(hashPolicies)
    this.#try()
    if (this.#requestSent) this.#requestComplete(plan, nowMs)
  }

  #timeoutsOf(plan: ForwardPlan, trusted: boolean): CallTimeouts {
    return trusted || this.grpc ? timeoutsOf(plan.action, this.view, trusted, this.grpc) : plan.timeouts
  }

  /** Copies need the whole request, and the timeout counts from its end. What found no endpoint is not copied. */
  #requestComplete(plan: ForwardPlan, nowMs: number): void {
    if (plan.mirrors.length > 0 && (this.#attempts > 0 || !this.#over)) this.#mirror(plan)
    const { globalMs } = this.#timeouts
    if (globalMs !== 0 && !this.#over) {
      this.#deadline = this.#house.timeouts.add(globalMs, globalDeadline, this, nowMs)
    }
  }

  #mirror(plan: ForwardPlan): void {
    sendMirrors(this, plan.mirrors, this.#house.random, (copy, way) => {
      const call = new Call(this.#house, copy, this)
      copy.attach(call)
      call.follow(way)
    })
  }

  /** False: the rewritten path is none. */
  #prepare(plan: ForwardPlan, target: Target): boolean {
    const headers = this.exchange.takeHeaders()
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
      this.requestPath = this.query === undefined ? path : `${path}?${this.query}`
    }
    if (target.authority !== undefined) this.authority = target.authority
    const { settings } = this.#house
    if (settings.requestId !== undefined && !this.#hasRequestId(target)) {
      headers.push('x-request-id', settings.requestId())
    }
    return true
  }

  /** Brought by the application or set by a rule. */
  #hasRequestId({ requestPlans }: Target): boolean {
    if (requestPlans.length === 0 && (this.view.headerBits & requestIdBit) === 0) return false
    return getHeader(this.headers, 'x-request-id') !== undefined
  }

  /** What consistent balancers turn on, and the cookies that make later calls turn on the same. */
  #hash(policies: readonly HashPolicy[]): void {
    const { affinity, random } = this.#house
    const hash = hashRequest(policies, this, affinity, random)
    this.hashKey = hash
    if (hash?.cookies !== undefined) this.#setCookies = exchangeCookies(hash.cookies, this, affinity)
  }

  /** One attempt: pick an endpoint, hand it to the door. */
  #try(): void {
    if (this.#over) return
    const cluster = this.#liveCluster()
    if (cluster === undefined) return this.#answerNoCluster()
    if (!cluster.ready) return cluster.whenReady(() => this.#try())
    if (this.#attempt !== undefined && (this.avoidTried || this.otherPriorities)) {
      this.#tried = [...this.tried, this.#attempt.endpoint]
    }
    const endpoint = this.#pick(cluster)
    if (endpoint === undefined) return this.#answer(replyNoHost())
    const { adaptive } = cluster
    const refusal = this.#attempts === 0 ? adaptive?.refuses(this.#house.random) : undefined
    if (refusal !== undefined) return this.#answer(replyToRefusal(refusal))
    this.#start(endpoint, adaptive)
  }

  #start(endpoint: Endpoint, adaptive: Adaptive | undefined): void {
    const attempt = new Attempt(this, endpoint, ++this.#attempts)
    this.#attempt = attempt
    if (adaptive !== undefined) attempt.ownDelay = ownDelayOf(adaptive)
    if (this.#house.settings.attemptCount) this.#tellAttempt(attempt.number)
    if (this.grpc && this.#plan?.action.maxGrpcTimeoutMs !== undefined) this.#tellTimeout()
    this.exchange.start(attempt)
  }

  /** The first attempt adds the line, later ones change it. */
  #tellAttempt(number: number): void {
    if (number === 1) this.headers.push(attemptCountHeader, '1')
    else setHeader(this.headers, attemptCountHeader, String(number))
  }

  /** What is left for this attempt, for a gRPC server (Envoy setTimeoutHeaders). */
  #tellTimeout(): void {
    const timeoutMs = attemptTimeoutMs(this.#timeouts, this.#leftMs)
    if (timeoutMs !== 0) setHeader(this.headers, 'grpc-timeout', formatGrpcTimeout(timeoutMs))
  }

  /** Until the call's deadline. */
  get #leftMs(): number {
    return this.#deadline === undefined ? Infinity : this.#deadline.at - this.#house.clock.now()
  }

  /** The cluster may have been retired by a new configuration since the last attempt. */
  #liveCluster(): Cluster | undefined {
    if (this.cluster?.retired === true) this.cluster = this.#house.cluster(this.cluster.name)
    return this.cluster
  }

  #pick(cluster: Cluster): Endpoint | undefined {
    if (cluster.model.discovery.kind === 'originalDestination') {
      return cluster.endpointAt(this.view.hostname, this.view.port)
    }
    return cluster.pick(this)
  }

  // ---- what the door reports ----

  /** The attempt is on a connection. */
  ready(attempt: Attempt): void {
    if (attempt.phase !== 'pending') return
    attempt.phase = 'sent'
    attempt.endpoint.activeRequests++
    attempt.endpoint.totalRequests++
    if (this.cluster?.wantsLatency) attempt.sentAtMs = this.#house.clock.now()
    // what was blocked before is no part of how long it takes from here
    if (attempt.ownDelay !== undefined) attempt.ownDelay = ownDelayOf(this.cluster?.adaptive)
    this.cluster?.reportConnected(attempt.endpoint)
    if (this.#requestSent) this.#startTimers(attempt)
  }

  /** The connection was lost before anything was written: the attempt waits for another. */
  unready(attempt: Attempt): void {
    if (attempt.phase !== 'sent') return
    attempt.phase = 'pending'
    attempt.endpoint.activeRequests--
    attempt.endpoint.totalRequests--
    attempt.deadline?.cancel()
    attempt.deadline = undefined
  }

  /** The whole request is with the door (streaming bodies); timeouts count from here. */
  requestSent(): void {
    if (this.#requestSent || this.#over) return
    this.#requestSent = true
    if (this.#plan !== undefined && this.cluster !== undefined) {
      this.#requestComplete(this.#plan, this.#house.clock.now())
    }
    if (this.#attempt?.phase === 'sent') this.#startTimers(this.#attempt)
  }

  /** A response head has come. True: it is the answer, pass it on. False: forget it, another attempt follows. */
  head(attempt: Attempt, status: number, grpcStatus: number | undefined, rateLimited: boolean): boolean {
    if (!this.#isUnderWay(attempt)) return false
    const verdict: Verdict = { kind: 'response', status, grpcStatus, rateLimited }
    // only in gRPC does a gRPC status speak of its endpoint; retries look at it always
    const ofEndpoint = this.grpc || grpcStatus === undefined ? verdict : { ...verdict, grpcStatus: undefined }
    this.#report(attempt, ofEndpoint)
    this.#decided(attempt)
    if (this.#retryAfter(attempt, verdict)) return false
    if (this.#race !== undefined && !this.#wins(attempt, verdict)) return false
    attempt.phase = 'committed'
    this.#status = status
    return true
  }

  /** Doors that see `endpoint-load-metrics` where `cluster.wantsHeads` tell it, before the head. */
  loadReported(attempt: Attempt, text: string): void {
    const report = parseLoadReport(text)
    if (report !== undefined) this.cluster?.observations.load(attempt.endpoint, report)
  }

  /** Doors that see `x-envoy-immediate-health-check-fail` where `cluster.wantsHeads` tell it. */
  unfit(attempt: Attempt): void {
    this.cluster?.reportUnfit(attempt.endpoint)
  }

  /** The attempt ended without a response head. */
  failed(attempt: Attempt, failure: Failure, cause: unknown): void {
    if (!this.#isUnderWay(attempt)) return
    const verdict: Verdict = { kind: 'failure', failure, cause }
    this.#report(attempt, verdict)
    this.#decided(attempt)
    this.#leave(attempt)
    if (this.#retryAfter(attempt, verdict)) return
    if (this.#race !== undefined && this.#hasOthers(attempt)) return
    // what closing the mesh has broken off is no fault of the endpoint
    this.#answer(this.#house.closed ? { ...replyClosed(), cause } : this.#failureReply(failure, cause))
  }

  /** A committed response ended: complete, or broken off with a failure. */
  finished(attempt: Attempt, failure?: Failure): void {
    if (!this.#isUnderWay(attempt)) return
    this.#leave(attempt)
    if (failure !== undefined) this.#flag(flagOf(failure))
    this.#end(this.#status)
  }

  /** The caller gave up: nothing is retried, nothing more is told. */
  cancelled(): void {
    if (this.#over) return
    this.#flag('DC')
    if (this.#attempt?.phase === 'sent' || this.#attempt?.phase === 'pending') this.cluster?.adaptive?.withdrawn()
    this.#stopAttempt()
    this.#end(this.#status)
  }

  /** A deadline has passed. */
  expired(kind: number): void {
    if (this.#over) return
    if (kind === hedgeDeadline) return this.#hedgeFirst(this.#attempt)
    const number = kind >> kindBits
    const attempt = number === 0 ? this.#attempt : this.#numbered(number)
    if (number !== 0) {
      if (attempt === undefined || attempt.phase !== 'sent' || this.#putOff(attempt, kind)) return
      if (this.#retry?.hedgeOnPerTryTimeout === true) return this.#hedge(attempt)
      this.exchange.abort(attempt)
      this.failed(attempt, 'perTryTimeout', undefined)
      return
    }
    if (attempt === undefined || !this.#putOff(attempt, kind)) this.#timedOut(attempt)
  }

  /** What an attempt meant, to those who learn from it; but for what this process itself has delayed. */
  #report(attempt: Attempt, verdict: Verdict): void {
    if (this.#isLate(attempt) || attempt.ownDelay?.excuses(verdict) === true) return
    this.cluster?.report(attempt.endpoint, verdict, ownSentAtMs(attempt, this.#house.clock))
  }

  /** A deadline that passed while this process could not look is put off by as long. */
  #putOff(attempt: Attempt, kind: number): boolean {
    const graceMs = attempt.phase === 'committed' ? 0 : (attempt.ownDelay?.takeGrace() ?? 0)
    if (graceMs === 0) return false
    const deadline = this.#house.timeouts.add(graceMs, kind, this)
    if (kind !== globalDeadline) attempt.deadline = deadline
    else this.#deadline = deadline
    return true
  }

  #timedOut(attempt: Attempt | undefined): void {
    if (attempt?.phase === 'committed') {
      this.exchange.abort(attempt)
      this.finished(attempt, 'timeout')
      this.exchange.breakOff(this.#house.error(this, replyToFailure('timeout', this.#attempts, undefined)))
      return
    }
    const verdict: Verdict = { kind: 'failure', failure: 'timeout', cause: undefined }
    if (attempt?.phase === 'sent') this.#report(attempt, verdict)
    for (const other of this.#race?.others(attempt) ?? []) {
      this.#report(other, verdict)
      this.#race?.late(other)
    }
    this.#stopAttempt()
    this.#answer(this.#failureReply('timeout', undefined))
  }

  #failureReply(failure: Failure, cause: unknown): LocalReply {
    const reply = replyToFailure(failure, this.#attempts, cause)
    return reply.status === 504 && this.#noContentAfterTimeout ? { ...reply, status: 204, body: '' } : reply
  }

  /** What is told of attempts that are over comes too late. */
  #isUnderWay(attempt: Attempt): boolean {
    if (attempt.phase === 'over' || this.#over) return false
    return attempt === this.#attempt || this.#isHedged(attempt)
  }

  // ---- what next when it fails ----

  /** True when another attempt was scheduled. */
  #retryAfter(attempt: Attempt, verdict: Verdict): boolean {
    const policy = this.#retry
    if (policy === undefined || this.#isHedged(attempt) || retryReason(policy, verdict) === undefined) return false
    const askedMs = verdict.kind === 'response' ? this.#askedMs(policy, attempt) : undefined
    const waitMs = this.#reserveRetry(policy, askedMs)
    if (waitMs === undefined) return false
    this.#leave(attempt)
    this.#waitForRetry(waitMs)
    return true
  }

  /** A place among the retries of this call and of its cluster: how long to wait; undefined: there is none. */
  #reserveRetry(policy: RetryPolicy, askedMs: number | undefined): number | undefined {
    const { random, closed } = this.#house
    if (closed || !this.exchange.replayable()) return undefined
    if (this.#retriesLeft === 0) return this.#refused('URX')
    const waitMs = askedMs ?? backoffMs(policy, this.#backoffs + 1, random)
    const { adaptive, limits } = this.cluster ?? {}
    if (adaptive?.isTooLate(this.#leftMs, waitMs) === true) return this.#refused('URX')
    if (adaptive?.refusesRetry(random) === true) return this.#refused('UO')
    this.#retriesLeft--
    this.#releaseRetry()
    if (limits?.tryRetry() !== true) return this.#refused('UO')
    this.#retryReserved = limits
    if (askedMs === undefined) this.#backoffs++
    return waitMs
  }

  /** How long the response asks to wait, where the policy obeys. */
  #askedMs({ rateLimitedBackoff }: RetryPolicy, attempt: Attempt): number | undefined {
    if (rateLimitedBackoff === undefined) return undefined
    const { clock, random } = this.#house
    const headerOf = (name: string): string | undefined => this.exchange.responseHeader?.(attempt, name)
    return rateLimitedMs(rateLimitedBackoff, headerOf, clock.wallNow(), random)
  }

  #waitForRetry(waitMs: number): void {
    this.#wait = this.#house.waits.start(waitMs, () => this.#again())
  }

  // ---- several at once ----

  /** The per-try timeout has passed: it is counted, and another attempt is made while this one goes on. */
  #hedge(attempt: Attempt): void {
    attempt.deadline = undefined
    this.#report(attempt, { kind: 'failure', failure: 'perTryTimeout', cause: undefined })
    this.#race ??= new Race()
    this.#race.late(attempt)
    if (this.#isHedged(attempt)) return
    const waitMs = this.#retry && this.#reserveRetry(this.#retry, undefined)
    if (waitMs === undefined) return
    this.#race.hedge(attempt)
    this.#waitForRetry(waitMs)
  }

  /** The first attempt takes longer than most: another is made beside it, elsewhere, where there is room for it. */
  #hedgeFirst(first: Attempt | undefined): void {
    const { cluster } = this
    const hedges = cluster?.adaptive?.hedges
    if (cluster === undefined || hedges === undefined || first?.phase !== 'sent' || first.number > 1) return
    if (cluster.retired || this.#house.closed || !this.exchange.replayable()) return
    this.#tried = [first.endpoint]
    const endpoint = cluster.pick({
      tried: this.#tried,
      avoidTried: true,
      otherPriorities: false,
      hashKey: this.hashKey,
    })
    if (endpoint === undefined || endpoint === first.endpoint) return
    if (!hedges.tryHedge(first.ownDelay?.blockedMs ?? 0)) return
    this.#retryReserved = cluster.limits
    if (cluster.adaptive?.refusesRetry(this.#house.random) === true) return this.#releaseRetry()
    this.#race ??= new Race()
    this.#race.hedge(first)
    this.#start(endpoint, cluster.adaptive)
  }

  /** One that is under way. */
  #numbered(number: number): Attempt | undefined {
    if (this.#attempt?.number === number) return this.#attempt
    return this.#race?.others(this.#attempt).find((each) => each.number === number)
  }

  /** Its per-try timeout has passed and was counted. */
  #isLate(attempt: Attempt): boolean {
    return this.#race !== undefined && this.#race.isLate(attempt)
  }

  /** Another attempt was made beside it. */
  #isHedged(attempt: Attempt): boolean {
    return this.#race !== undefined && this.#race.isHedged(attempt)
  }

  /** A bad answer waits for better ones as long as there may be any; else it is taken and all others are stopped. */
  #wins(attempt: Attempt, verdict: Verdict): boolean {
    const bad = this.#retry !== undefined && retryReason(this.#retry, verdict) !== undefined
    if (bad && this.#hasOthers(attempt)) {
      this.#leave(attempt)
      return false
    }
    if (!this.#isHedged(attempt)) this.cluster?.adaptive?.hedges?.won(attempt.number)
    this.#stopOthers(attempt)
    this.#attempt = attempt
    return true
  }

  #hasOthers(attempt: Attempt): boolean {
    const latest = this.#attempt
    if (this.#wait !== undefined || (this.#race?.others(attempt).length ?? 0) > 0) return true
    return latest !== undefined && latest !== attempt && latest.phase !== 'over'
  }

  /** All attempts but one, and what is scheduled. */
  #stopOthers(attempt: Attempt | undefined): void {
    this.#cancelWait()
    const latest = this.#attempt
    if (latest !== undefined && latest !== attempt && latest.phase !== 'over') {
      this.cluster?.adaptive?.withdrawn()
      this.#drop(latest)
    }
    for (const other of this.#race?.others(attempt) ?? []) this.#outrun(other)
    this.#race = undefined
    this.#releaseRetry()
  }

  /** An attempt that another was faster than took at least so long. */
  #outrun(attempt: Attempt): void {
    if (attempt.phase === 'sent' && !this.#isLate(attempt))
      this.cluster?.reportOutrun(attempt.endpoint, ownSentAtMs(attempt, this.#house.clock))
    this.#drop(attempt)
  }

  #again(): void {
    this.#wait = undefined
    if (this.exchange.replayable()) this.#try()
    else this.#answer(replyReplayExceeded())
  }

  /** The fate of an attempt is known: its own deadline and its place among the retries are given back. */
  #decided(attempt: Attempt): void {
    attempt.deadline?.cancel()
    attempt.deadline = undefined
    this.#hedging?.cancel()
    // of one that was hedged the place went on to the next
    if (!this.#isHedged(attempt)) this.#releaseRetry()
  }

  #releaseRetry(): void {
    if (this.#retryReserved !== undefined) this.#retryReserved.retries--
    this.#retryReserved = undefined
  }

  /** The attempt no longer occupies its endpoint. */
  #leave(attempt: Attempt): void {
    if (attempt.phase === 'sent' || attempt.phase === 'committed') attempt.endpoint.activeRequests--
    attempt.phase = 'over'
  }

  #stopAttempt(): void {
    const attempt = this.#attempt
    this.#cancelWait()
    if (this.#race !== undefined) this.#stopOthers(attempt)
    if (attempt !== undefined && attempt.phase !== 'over') this.#drop(attempt)
  }

  #cancelWait(): void {
    if (this.#wait !== undefined) this.#house.waits.cancel(this.#wait)
    this.#wait = undefined
  }

  #drop(attempt: Attempt): void {
    this.exchange.abort(attempt)
    this.#decided(attempt)
    this.#leave(attempt)
  }

  // ---- the end ----

  #answer(local: LocalReply): void {
    if (this.#over) return
    if (local.flag !== '') this.#flag(local.flag)
    this.details = local.details
    const decorated = this.#decorate(this.grpc ? asGrpcReply(local) : local)
    this.#end(decorated.status)
    this.exchange.reply(decorated)
  }

  #answerNoCluster(): void {
    this.#answer(this.#house.closed ? replyClosed() : replyNoCluster())
  }

  /** The route's response operations apply to local replies once a route was chosen. */
  #decorate(local: LocalReply): LocalReply {
    for (const level of this.responseEdits) level.apply(local.headers, this)
    return local
  }

  #end(status: number): void {
    this.#over = true
    if (this.#race !== undefined) this.#stopOthers(undefined)
    this.#deadline?.cancel()
    this.#deadline = undefined
    this.#releaseRetry()
    if (this.#mirrorOf === undefined) this.#house.ended(this, status, this.#startedAtMs)
  }

  #startTimers(attempt: Attempt): void {
    const { perTryMs } = this.#timeouts
    if (perTryMs !== 0)
      attempt.deadline = this.#house.timeouts.add(perTryMs, perTryDeadline | (attempt.number << kindBits), this)
    const hedges = attempt.number === 1 && this.#mirrorOf === undefined ? this.cluster?.adaptive?.hedges : undefined
    const delayMs = hedges?.delayFor(this.view.method)
    if (delayMs !== undefined) this.#hedging = this.#house.timeouts.add(delayMs, hedgeDeadline, this)
  }

  #flag(flag: string): void {
    this.#flags = this.#flags === '' ? flag : `${this.#flags},${flag}`
  }

  /** Of several attempts at once more than one may be refused. */
  #refused(flag: string): undefined {
    if (!this.#flags.includes(flag)) this.#flag(flag)
  }

  // ---- what others read of a call ----

  /** What is done to the headers of its answer, in order. */
  get responseEdits(): readonly HeaderEdit[] {
    const plans = this.target?.responsePlans ?? noEdits
    return this.#setCookies === undefined ? plans : [this.#setCookies, ...plans]
  }

  get tried(): readonly Endpoint[] {
    return this.#tried ?? anyEndpoint.tried
  }

  get avoidTried(): boolean {
    return this.#retry?.avoidPreviousHosts ?? false
  }

  get otherPriorities(): boolean {
    return this.#retry?.retryOtherPriorities ?? false
  }

  get flags(): string {
    return this.#flags === '' ? '-' : this.#flags
  }

  get attempts(): number {
    return this.#attempts
  }

  get lastAttempt(): Attempt | undefined {
    return this.#attempt
  }

  /** `host > route > cluster > endpoint #attempt`, as far as the call came. */
  get breadcrumb(): string {
    const parts = [this.view.authority, this.routeName, this.target?.cluster ?? '']
    if (this.#attempt !== undefined) parts.push(`${this.#attempt.endpoint.key} #${this.#attempt.number}`)
    return parts.filter((part) => part !== '').join(' > ')
  }

  requestHeader(name: string): string | undefined {
    switch (name) {
      case ':method':
        return this.view.method
      case ':scheme':
        return this.view.scheme
      case ':path':
        return this.requestPath
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

  get clusterName(): string {
    return this.target?.cluster ?? ''
  }

  get upstreamCluster(): string {
    return this.#house.cluster(this.clusterName) === undefined ? '' : this.clusterName
  }
}

/** What HTTP/1.1 may be asked for. */
const requestTarget = /^(\/|https?:\/\/)/

export function isGrpc(view: RequestView): boolean {
  if ((view.headerBits & contentTypeBit) === 0) return false
  const type = view.header('content-type')
  return typeof type === 'string' && /^application\/grpc($|[+;])/.test(type)
}
