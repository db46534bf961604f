// How long until the next health check of an endpoint. Source: Envoy HealthCheckerImplBase interval and intervalWithJitter.
// Edge intervals hold while results of the other kind have begun but are not enough; Envoy's documentation says "right after a change".
import { below, type Random } from '../base/random.ts'
import type { HealthCheckTiming } from '../model/health-check.ts'
import type { Transition } from './checked-health.ts'

const noTrafficMs = 60_000

export function checkIntervalMs(
  timing: HealthCheckTiming,
  passed: boolean,
  transition: Transition,
  hadTraffic: boolean,
  random: Random,
): number {
  const baseMs = hadTraffic ? withTraffic(timing, passed, transition) : withoutTraffic(timing, passed, transition)
  return jittered(baseMs, timing, random)
}

/** 0: at once. */
export function firstCheckMs({ initialJitterMs = 0 }: HealthCheckTiming, random: Random): number {
  return initialJitterMs === 0 ? 0 : Math.max(1, below(random, initialJitterMs))
}

function withTraffic(timing: HealthCheckTiming, passed: boolean, transition: Transition): number {
  const { intervalMs, healthyEdgeIntervalMs = intervalMs, unhealthyIntervalMs = intervalMs } = timing
  const { unhealthyEdgeIntervalMs = unhealthyIntervalMs } = timing
  if (passed) return transition === 'pending' ? healthyEdgeIntervalMs : intervalMs
  return transition === 'pending' ? unhealthyEdgeIntervalMs : unhealthyIntervalMs
}

function withoutTraffic(timing: HealthCheckTiming, passed: boolean, transition: Transition): number {
  const { noTrafficIntervalMs = noTrafficMs, noTrafficHealthyIntervalMs = noTrafficIntervalMs } = timing
  return passed && transition !== 'pending' ? noTrafficHealthyIntervalMs : noTrafficIntervalMs
}

function jittered(
  baseMs: number,
  { intervalJitter = 0, intervalJitterMs = 0 }: HealthCheckTiming,
  random: Random,
): number {
  const share = Math.floor(intervalJitter * baseMs)
  let ms = baseMs
  if (share > 0) ms += below(random, share)
  if (intervalJitterMs > 0) ms += below(random, intervalJitterMs)
  return Math.max(1, ms)
}
