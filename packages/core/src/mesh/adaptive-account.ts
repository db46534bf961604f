// What a cluster has measured of its calls and does for it: as plain JSON for status, in words for explain.
import type { Adaptive } from '../cluster/adaptive.ts'
import type { AdaptivePolicy } from '../model/adaptive.ts'

export interface AdaptiveStatus {
  readonly throttling: {
    /** 0..1: how likely the next call is rejected. */
    readonly rejecting: number
    /** Within the window. */
    readonly requests: number
    readonly accepted: number
    /** Since the beginning. */
    readonly rejections: number
  } | null
  readonly concurrency: { readonly limit: number; readonly rejections: number } | null
  readonly hedging: {
    /** When the next call would be hedged; null: too little is known. */
    readonly delayMs: number | null
    /** Since the beginning: second attempts, those whose answer was taken, and those that there was no room for. */
    readonly made: number
    readonly won: number
    readonly refused: number
  } | null
  /** Time within which half of the answers come; null: nobody asks, or too few came lately. */
  readonly medianMs: number | null
  /** Retries left out because they could not have ended in time. */
  readonly retriesTooLate: number
  /** Deadlines put off because the event loop was blocked. */
  readonly timeoutsPutOff: number
}

export function adaptiveStatus(adaptive: Adaptive | undefined): AdaptiveStatus | null {
  if (adaptive === undefined) return null
  const { throttle, concurrency, hedges, latencies, retriesTooLate, timeoutsPutOff } = adaptive
  return {
    throttling:
      throttle === undefined
        ? null
        : {
            rejecting: throttle.chance,
            requests: throttle.requests,
            accepted: throttle.acceptedRequests,
            rejections: throttle.rejections,
          },
    concurrency:
      concurrency === undefined ? null : { limit: Math.floor(concurrency.limit), rejections: concurrency.rejections },
    hedging:
      hedges === undefined
        ? null
        : { delayMs: hedges.delayMs ?? null, made: hedges.made, won: hedges.wins, refused: hedges.refused },
    medianMs: latencies?.percentile(0.5) ?? null,
    retriesTooLate,
    timeoutsPutOff,
  }
}

/** A step of an explanation and the part of the policy that asks for it. */
type Sentence = readonly [what: string, text: string, part: keyof AdaptivePolicy]

export function explainAdaptive(adaptive: Adaptive, underWay: number): Sentence[] {
  const { policy, throttle, concurrency, hedges, latencies, eventLoop } = adaptive
  const said: Sentence[] = []
  if (throttle !== undefined) {
    const { requests, acceptedRequests: accepted, chance } = throttle
    const seconds = throttle.policy.windowMs / 1_000
    const text = `${percent(chance)} of calls are rejected here: of ${requests} in the last ${seconds} s ${accepted} were accepted`
    said.push(['throttling', text, 'throttling'])
  }
  if (concurrency !== undefined) {
    const limit = Math.floor(concurrency.limit)
    const full = underWay >= limit ? ': the next is rejected' : ''
    said.push(['concurrency', `${underWay} of at most ${limit} requests under way${full}`, 'concurrency'])
  }
  if (policy.retriesInTime === true) {
    const medianMs = latencies?.percentile(0.5)
    const text =
      medianMs === undefined
        ? 'would only be made in time, but too few answers are known yet'
        : `only while ${Math.ceil(medianMs)} ms are left, the median of the last minute`
    said.push(['retries', text, 'retriesInTime'])
  }
  if (hedges !== undefined) {
    const { delayMs } = hedges
    const text =
      delayMs === undefined
        ? 'would only be made once enough answers are known'
        : `a second attempt elsewhere after ${Math.ceil(delayMs)} ms, within which ${percent(hedges.policy.percentile)} of answers come`
    said.push(['hedging', text, 'hedging'])
  }
  if (eventLoop !== undefined && policy.loopCorrection !== undefined) {
    const text = `deadlines are put off by the time this process is blocked, ${policy.loopCorrection.maxGraceMs} ms at most`
    said.push(['event loop', text, 'loopCorrection'])
  }
  return said
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`
}
