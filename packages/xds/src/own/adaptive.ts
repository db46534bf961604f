// What a cluster's calls adapt to, and the aperture: annotations that no field of xDS knows. Both directions.
import { type AdaptivePolicy, type Aperture, xxHash64 } from '@proxyless/core/spi'
import { numbersIn, objectIn, type Own } from './metadata.ts'

export function writeAdaptive(adaptive: AdaptivePolicy | undefined, aperture: Aperture | undefined): Own {
  return { ...(adaptive === undefined ? {} : { adaptive }), ...(aperture === undefined ? {} : { aperture }) }
}

/** @param instance a control plane encodes for many: which part of the endpoints this process keeps to is its own matter */
export function readAdaptive(
  own: Own | undefined,
  instance: string | undefined,
): { adaptive?: AdaptivePolicy; aperture?: Aperture } {
  const encoded = numbersIn(objectIn(own, 'aperture'), ['size', 'seed'])
  const aperture = encoded && instance !== undefined ? { ...encoded, seed: seedOf(instance) } : encoded
  const said = objectIn(own, 'adaptive')
  return {
    ...(said === undefined ? {} : { adaptive: policyOf(said) }),
    ...(aperture === undefined ? {} : { aperture }),
  }
}

function seedOf(instance: string): number {
  const hash = { high: 0, low: 0 }
  xxHash64(instance, hash)
  return hash.low >>> 0
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
