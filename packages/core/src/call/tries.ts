// The attempts of one call, from the first pick to the one that answers: start, what it meant, and what next when it fails.
// Made by conduct once the way is known; doors report to it through Attempt, deadlines by `expired`.
import type { Deadline, Expiring } from '../base/timeouts.ts'
import type { Wait } from '../base/waits.ts'
import type { HashKey } from '../balance/picker.ts'
import type { Adaptive } from '../cluster/adaptive.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Endpoint } from '../cluster/endpoint.ts'
import { anyEndpoint, type Selecting } from '../cluster/selecting.ts'
import type { Failure, Verdict } from '../cluster/verdict.ts'
import type { RetryPolicy } from '../model/policy.ts'
import { Attempt } from './attempt.ts'
import type { Call } from './conduct.ts'
import { attemptTimeoutMs, type CallTimeouts } from './deadline.ts'
import type { CallHouse } from './house.ts'
import {
  type LocalReply,
  replyClosed,
  replyNoHost,
  replyReplayExceeded,
  replyToFailure,
  replyToRefusal,
} from './local-reply.ts'
import { ownDelayOf, ownSentAtMs } from './own-delay.ts'
import { Race } from './race.ts'
import { pushbackHeader, pushbackMs } from './pushback.ts'
import { rateLimitedMs } from './rate-limited.ts'
import { Retries } from './retries.ts'
import { retryReason } from './retry.ts'

const globalDeadline = 0
const perTryDeadline = 1
const hedgeDeadline = 2
/** Above these two bits of a deadline's kind stands the number of its attempt. */
const kindBits = 2

export class Tries implements Expiring, Selecting {
  readonly #house: CallHouse
  readonly #call: Call
  readonly #retry: RetryPolicy | undefined
  readonly timeouts: CallTimeouts
  /** Another one of the same name where the first was retired. */
  cluster: Cluster
  /** What consistent balancers turn on. */
  hashKey: HashKey | undefined = undefined
  /** A timeout is answered with 204. */
  noContentAfterTimeout = false

  /** The latest, or the one that won. */
  latest: Attempt | undefined = undefined
  count = 0
  /** Of the answer that was passed on; 0 while there is none. */
  status = 0
  /** When its head came; undefined where nobody wants to know. */
  headAtMs: number | undefined = undefined
  /** Earlier ones that may still answer. */
  #race: Race | undefined = undefined
  #tried: readonly Endpoint[] | undefined = undefined
  #retries: Retries | undefined = undefined
  #deadline: Deadline | undefined = undefined
  /** When the first attempt gets another beside it. */
  #hedging: Deadline | undefined = undefined
  #wait: Wait | undefined = undefined

  constructor(house: CallHouse, call: Call, cluster: Cluster, retry: RetryPolicy | undefined, timeouts: CallTimeouts) {
    this.#house = house
    this.#call = call
    this.cluster = cluster
    this.#retry = retry
    this.timeouts = timeouts
  }

  // ---- one attempt ----

  /** Picks an endpoint and hands it to the door. */
  next(): void {
    const call = this.#call
    if (call.over) return
    if (this.cluster.retired && !this.#renewCluster()) return call.answerNoCluster()
    const { cluster } = this
    if (!cluster.ready) return cluster.whenReady(() => this.next())
    if (this.latest !== undefined && (this.avoidTried || this.otherPriorities)) {
      this.#tried = [...this.tried, this.latest.endpoint]
    }
    const endpoint = this.#pick(cluster)
    if (endpoint === undefined) return call.answer(replyNoHost(this.#house.remark(cluster.name)))
    const { adaptive } = cluster
    const refusal = this.count === 0 ? adaptive?.refuses(this.#house.random) : undefined
    if (refusal !== undefined) return call.answer(replyToRefusal(refusal))
    this.#start(endpoint, adaptive)
  }

  /** A new configuration may have retired the cluster since the last attempt. */
  #renewCluster(): boolean {
    const cluster = this.#house.cluster(this.cluster.name)
    if (cluster !== undefined) this.cluster = cluster
    return cluster !== undefined
  }

  #pick(cluster: Cluster): Endpoint | undefined {
    if (cluster.model.discovery.kind !== 'originalDestination') return cluster.pick(this)
    const { hostname, port } = this.#call.view
    return cluster.endpointAt(hostname, port)
  }

  #start(endpoint: Endpoint, adaptive: Adaptive | undefined): void {
    const call = this.#call
    const attempt = new Attempt(call, this, endpoint, ++this.count)
    this.latest = attempt
    if (call.trace !== undefined) attempt.trace = call.trace.attemptStarted(attempt)
    if (adaptive !== undefined) attempt.ownDelay = ownDelayOf(adaptive)
    if (this.#house.settings.attemptCount) call.request.tellAttempt(attempt.number)
    if (call.grpc && call.plan?.action.maxGrpcTimeoutMs !== undefined) {
      const timeoutMs = attemptTimeoutMs(this.timeouts, this.#leftMs)
      call.request.tellTimeout(timeoutMs)
      if (timeoutMs !== 0) attempt.toldUntilMs = this.nowMs + timeoutMs
    }
    if (call.inheritance !== undefined)
      call.inheritance.tell(call.request, attemptTimeoutMs(this.timeouts, this.#leftMs))
    if (call.request.namedByEndpoint) call.request.authority = endpoint.hostname ?? call.request.authority
    call.exchange.start(attempt)
  }

  // ---- deadlines ----

  /** The whole call's, counted from the end of its request. */
  startDeadline(nowMs: number): void {
    const { globalMs } = this.timeouts
    if (globalMs !== 0) this.#deadline = this.#house.timeouts.add(globalMs, globalDeadline, this, nowMs)
  }

  /** The whole call's deadline runs. */
  get timed(): boolean {
    return this.#deadline !== undefined
  }

  requestEnded(): void {
    if (this.latest?.phase === 'sent') this.#startTimers(this.latest)
  }

  #startTimers(attempt: Attempt): void {
    const { perTryMs } = this.timeouts
    if (perTryMs !== 0)
      attempt.deadline = this.#house.timeouts.add(perTryMs, perTryDeadline | (attempt.number << kindBits), this)
    const hedges = attempt.number === 1 ? this.cluster.adaptive?.hedges : undefined
    const delayMs = hedges !== undefined && this.#call.hedges ? hedges.delayFor(this.#call.view.method) : undefined
    if (delayMs !== undefined) this.#hedging = this.#house.timeouts.add(delayMs, hedgeDeadline, this)
  }

  get nowMs(): number {
    return this.#house.clock.now()
  }

  /** Until the call's deadline. */
  get #leftMs(): number {
    const ownMs = this.#deadline === undefined ? Infinity : this.#deadline.at - this.#house.clock.now()
    const { inheritance } = this.#call
    return inheritance === undefined ? ownMs : Math.min(ownMs, inheritance.leftMs)
  }

  /** A deadline has passed. */
  expired(kind: number): void {
    if (this.#call.over) return
    if (kind === hedgeDeadline) return this.#hedgeFirst(this.latest)
    const number = kind >> kindBits
    const attempt = number === 0 ? this.latest : this.#numbered(number)
    if (number !== 0) {
      if (attempt === undefined || attempt.phase !== 'sent' || this.#putOff(attempt, kind)) return
      if (this.#retry?.hedgeOnPerTryTimeout === true) return this.#hedge(attempt)
      this.#call.exchange.abort(attempt)
      this.failed(attempt, 'perTryTimeout', undefined)
      return
    }
    if (attempt === undefined || !this.#putOff(attempt, kind)) this.#timedOut(attempt)
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
    if (this.breakOff(replyToFailure('timeout', this.count, undefined))) return
    const verdict: Verdict = { kind: 'failure', failure: 'timeout', cause: undefined }
    if (attempt !== undefined) attempt.verdict = verdict
    if (attempt?.phase === 'sent') this.#report(attempt, verdict)
    for (const other of this.#race?.others(attempt) ?? []) {
      this.#report(other, verdict)
      this.#race?.late(other)
    }
    this.#stop()
    this.#call.answer(this.#failureReply('timeout', undefined))
  }

  /** Ends a response that was passed on already, as its time is up. False: none was. */
  breakOff(reply: LocalReply): boolean {
    const attempt = this.latest
    if (attempt?.phase !== 'committed') return false
    const call = this.#call
    const { exchange } = call
    exchange.abort(attempt)
    call.breaksOff(reply)
    this.#leave(attempt, 'timeout')
    call.end(this.status)
    exchange.breakOff(this.#house.error(call, reply))
    return true
  }

  // ---- what doors report of an attempt ----

  /** The attempt is on a connection. */
  ready(attempt: Attempt): void {
    if (attempt.phase !== 'pending') return
    const { cluster } = this
    attempt.phase = 'sent'
    attempt.endpoint.activeRequests++
    attempt.endpoint.totalRequests++
    cluster.counts.requests++
    attempt.trace?.inject(this.#call.request.headers)
    if (cluster.wantsLatency) attempt.sentAtMs = this.#house.clock.now()
    // what was blocked before is no part of how long it takes from here
    if (attempt.ownDelay !== undefined) attempt.ownDelay = ownDelayOf(cluster.adaptive)
    cluster.reportConnected(attempt.endpoint)
    if (this.#call.requestSent) this.#startTimers(attempt)
  }

  /** The connection was lost before anything was written: the attempt waits for another. */
  unready(attempt: Attempt): void {
    if (attempt.phase !== 'sent') return
    attempt.phase = 'pending'
    attempt.endpoint.activeRequests--
    attempt.endpoint.totalRequests--
    this.cluster.counts.requests--
    attempt.deadline?.cancel()
    attempt.deadline = undefined
  }

  /** A response head has come. True: it is the answer, pass it on. False: forget it, another attempt follows. */
  head(attempt: Attempt, status: number, grpcStatus: number | undefined, rateLimited: boolean): boolean {
    if (!this.#isUnderWay(attempt)) return false
    const verdict: Verdict = { kind: 'response', status, grpcStatus, rateLimited }
    attempt.verdict = verdict
    // only in gRPC does a gRPC status speak of its endpoint; retries look at it always
    const ofEndpoint = this.#call.grpc || grpcStatus === undefined ? verdict : { ...verdict, grpcStatus: undefined }
    this.#report(attempt, ofEndpoint)
    this.#decided(attempt)
    if (this.#retryAfter(attempt, verdict)) return false
    if (this.#race !== undefined && !this.#wins(attempt, verdict)) return false
    attempt.phase = 'committed'
    this.status = status
    if (grpcStatus !== undefined) this.#call.grpcStatus = grpcStatus
    if (attempt.number > 1) this.#countSuccess(verdict)
    if (this.#house.listens) this.headAtMs = this.#house.clock.now()
    return true
  }

  /** The attempt ended without a response head. */
  failed(attempt: Attempt, how: Failure, cause: unknown): void {
    if (!this.#isUnderWay(attempt)) return
    const failure = how === 'remoteReset' ? this.#resetMeans(attempt) : how
    const verdict: Verdict = { kind: 'failure', failure, cause }
    attempt.verdict = verdict
    this.#report(attempt, verdict)
    this.#decided(attempt)
    this.#leave(attempt)
    const isLast = failure === 'timeout'
    if (!isLast && this.#retryAfter(attempt, verdict)) return
    if (!isLast && this.#race !== undefined && this.#hasOthers(attempt)) return
    // what closing the mesh has broken off is no fault of the endpoint
    this.#call.answer(this.#house.closed ? { ...replyClosed(), cause } : this.#failureReply(failure, cause))
  }

  /** A server that was told how long it has resets what takes longer, which may be heard before the timer here runs. */
  #resetMeans(attempt: Attempt): Failure {
    if (!attempt.isOverdue) return 'remoteReset'
    return this.timeouts.perTryMs === 0 || this.#leftMs <= 0 ? 'timeout' : 'perTryTimeout'
  }

  /** A committed response ended: complete, or broken off with a failure. */
  finished(attempt: Attempt, failure?: Failure): void {
    const call = this.#call
    if (!this.#isUnderWay(attempt)) return
    if (failure !== undefined) call.breaksOff(replyToFailure(failure, this.count, undefined))
    this.#leave(attempt, failure)
    call.end(this.status)
  }

  /** What is told of attempts that are over comes too late. */
  #isUnderWay(attempt: Attempt): boolean {
    if (attempt.phase === 'over' || this.#call.over) return false
    return attempt === this.latest || this.#isHedged(attempt)
  }

  /** What an attempt meant, to those who learn from it; but for what this process itself has delayed. */
  #report(attempt: Attempt, verdict: Verdict): void {
    if (this.#isLate(attempt) || attempt.ownDelay?.excuses(verdict) === true) return
    this.cluster.report(attempt.endpoint, verdict, ownSentAtMs(attempt, this.#house.clock))
  }

  /** A retry was worth it: what it was answered is nothing to retry. */
  #countSuccess(verdict: Verdict): void {
    const bad = this.#retry !== undefined && retryReason(this.#retry, verdict) !== undefined
    if (!bad) this.cluster.counts.retrySuccesses++
  }

  #failureReply(failure: Failure, cause: unknown): LocalReply {
    const reply = replyToFailure(failure, this.count, cause)
    return reply.status === 504 && this.noContentAfterTimeout ? { ...reply, status: 204, body: '' } : reply
  }

  // ---- what next when it fails ----

  /** True when another attempt was scheduled. */
  #retryAfter(attempt: Attempt, verdict: Verdict): boolean {
    const policy = this.#retry
    if (policy === undefined || this.#isHedged(attempt) || retryReason(policy, verdict) === undefined) return false
    const askedMs = verdict.kind === 'response' ? this.#askedMs(policy, attempt) : undefined
    if (askedMs === 'never') return false
    const waitMs = this.#reserveRetry(policy, askedMs)
    if (waitMs === undefined) return false
    this.#leave(attempt)
    this.#waitForRetry(waitMs)
    return true
  }

  /** How long to wait for the next attempt; undefined: there is none. */
  #reserveRetry(policy: RetryPolicy, askedMs: number | undefined): number | undefined {
    const { random, closed } = this.#house
    if (closed || !this.#call.exchange.replayable()) return undefined
    this.#retries ??= new Retries(policy)
    const way = this.#retries.reserve(policy, askedMs, this.#leftMs, this.cluster, random)
    const { counts } = this.cluster
    if (typeof way === 'number') counts.retries++
    else if (way === 'URX') counts.retryLimitExceeded++
    if (typeof way === 'number') return way
    // of several attempts at once more than one may be refused
    if (!this.#call.flags.includes(way)) this.#call.flag(way)
    return undefined
  }

  /** How long the response asks to wait: a gRPC server is always obeyed, others where the policy says so. */
  #askedMs({ rateLimitedBackoff }: RetryPolicy, attempt: Attempt): number | 'never' | undefined {
    const { grpc, exchange } = this.#call
    if (rateLimitedBackoff === undefined && !grpc) return undefined
    const headerOf = (name: string): string | undefined => exchange.responseHeader?.(attempt, name)
    const pushback = grpc ? headerOf(pushbackHeader) : undefined
    if (pushback !== undefined) return pushbackMs(pushback)
    if (rateLimitedBackoff === undefined) return undefined
    const { clock, random } = this.#house
    return rateLimitedMs(rateLimitedBackoff, headerOf, clock.wallNow(), random)
  }

  #waitForRetry(waitMs: number): void {
    this.#wait = this.#house.waits.start(waitMs, () => this.#again())
  }

  #again(): void {
    this.#wait = undefined
    if (this.#call.exchange.replayable()) this.next()
    else this.#call.answer(replyReplayExceeded())
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
    const { cluster, hashKey } = this
    const hedges = cluster.adaptive?.hedges
    if (hedges === undefined || first?.phase !== 'sent' || first.number > 1) return
    if (cluster.retired || this.#house.closed || !this.#call.exchange.replayable()) return
    this.#tried = [first.endpoint]
    const endpoint = cluster.pick({ tried: this.#tried, avoidTried: true, otherPriorities: false, hashKey })
    if (endpoint === undefined || endpoint === first.endpoint) return
    if (!hedges.tryHedge(first.ownDelay?.blockedMs ?? 0)) return
    this.#retries ??= new Retries(this.#retry)
    this.#retries.hold(cluster.limits)
    if (cluster.adaptive?.refusesRetry(this.#house.random) === true) return this.#retries.release()
    this.#race ??= new Race()
    this.#race.hedge(first)
    this.#start(endpoint, cluster.adaptive)
  }

  /** One that is under way. */
  #numbered(number: number): Attempt | undefined {
    if (this.latest?.number === number) return this.latest
    return this.#race?.others(this.latest).find((each) => each.number === number)
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
    if (!this.#isHedged(attempt)) this.cluster.adaptive?.hedges?.won(attempt.number)
    this.#stopOthers(attempt)
    this.latest = attempt
    return true
  }

  #hasOthers(attempt: Attempt): boolean {
    const { latest } = this
    if (this.#wait !== undefined || (this.#race?.others(attempt).length ?? 0) > 0) return true
    return latest !== undefined && latest !== attempt && latest.phase !== 'over'
  }

  /** All attempts but one, and what is scheduled. */
  #stopOthers(attempt: Attempt | undefined): void {
    this.#cancelWait()
    const { latest } = this
    if (latest !== undefined && latest !== attempt && latest.phase !== 'over') {
      this.cluster.adaptive?.withdrawn()
      this.#drop(latest)
    }
    for (const other of this.#race?.others(attempt) ?? []) this.#outrun(other)
    this.#race = undefined
    this.#retries?.release()
  }

  /** An attempt that another was faster than took at least so long. */
  #outrun(attempt: Attempt): void {
    if (attempt.phase === 'sent' && !this.#isLate(attempt))
      this.cluster.reportOutrun(attempt.endpoint, ownSentAtMs(attempt, this.#house.clock))
    this.#drop(attempt)
  }

  // ---- the end ----

  /** The caller gave up. */
  withdraw(): void {
    const { latest } = this
    if (latest?.phase === 'sent' || latest?.phase === 'pending') this.cluster.adaptive?.withdrawn()
    this.#stop()
  }

  /** The call is over: nothing of it stays behind. */
  end(): void {
    if (this.#race !== undefined) this.#stopOthers(undefined)
    this.#deadline?.cancel()
    this.#deadline = undefined
    this.#retries?.release()
  }

  #stop(): void {
    const { latest } = this
    this.#cancelWait()
    if (this.#race !== undefined) this.#stopOthers(latest)
    if (latest !== undefined && latest.phase !== 'over') this.#drop(latest)
  }

  #cancelWait(): void {
    if (this.#wait !== undefined) this.#house.waits.cancel(this.#wait)
    this.#wait = undefined
  }

  #drop(attempt: Attempt): void {
    this.#call.exchange.abort(attempt)
    this.#decided(attempt)
    this.#leave(attempt)
  }

  /** The fate of an attempt is known: its own deadline and its place among the retries are given back. */
  #decided(attempt: Attempt): void {
    attempt.deadline?.cancel()
    attempt.deadline = undefined
    this.#hedging?.cancel()
    // of one that was hedged the place went on to the next
    if (!this.#isHedged(attempt)) this.#retries?.release()
  }

  /** The attempt no longer occupies its endpoint. */
  #leave(attempt: Attempt, broken?: Failure): void {
    if (attempt.phase === 'sent' || attempt.phase === 'committed') attempt.endpoint.activeRequests--
    attempt.phase = 'over'
    attempt.trace?.ended(attempt, broken)
    attempt.trace = undefined
  }

  // ---- what a selection asks ----

  get tried(): readonly Endpoint[] {
    return this.#tried ?? anyEndpoint.tried
  }

  get avoidTried(): boolean {
    return this.#retry?.avoidPreviousHosts ?? false
  }

  get otherPriorities(): boolean {
    return this.#retry?.retryOtherPriorities ?? false
  }
}
