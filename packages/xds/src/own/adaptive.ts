// What a cluster's calls adapt to, and the aperture: annotations that no field of xDS knows. Both directions.
import type { AdaptivePolicy, Aperture } from '@proxyless/core/spi'
import { numbersIn, objectIn, type Own } from './metadata.ts'

export function writeAdaptive(adaptive: AdaptivePolicy | undefined, aperture: Aperture | undefined): Own {
  return { ...(adaptive === undefined ? {} : { adaptive }), ...(aperture === undefined ? {} : { aperture }) }
}

export function readAdaptive(own: Own | undefined): { adaptive?: AdaptivePolicy; aperture?: Aperture } {
  const aperture = numbersIn(objectIn(own, 'aperture'), ['size', 'seed'])
  const said = objectIn(own, 'adaptive')
  return {
    ...(said === undefined ? {} : { adaptive: policyOf(said) }),
    ...(aperture === undefined ? {} : { aperture }),
  }
}

function policyOf(said: Own): AdaptivePolicy {
  const throttling = numbersIn(objectIn(said, 'throttling'), ['k', 'windowMs', 'maxRejection'])
  const concurrency = numbersIn(objectIn(said, 'concurrency'), ['initial', 'min', 'max', 'tolerance', 'windowMs'])
  const hedging = numbersIn(objectIn(said, 'hedging'), ['percentile', 'minDelayMs', 'maxBlockedMs'])
  const loopCorrection = numbersIn(objectIn(said, 'loopCorrection'), ['maxGraceMs'])
  return {
    ...(throttling === undefined ? {} : { throttling }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(hedging === undefined ? {} : { hedging }),
    ...(said['retriesInTime'] === true ? { retriesInTime: true } : {}),
    ...(loopCorrection === undefined ? {} : { loopCorrection }),
  }
}
