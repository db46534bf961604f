// The fault filter: the one filter of an HTTP chain that a client carries out.
import type { FaultPolicy } from '@proxyless/core/spi'
import { HTTPFault } from '../generated/envoy/extensions/filters/http/fault/v3/fault.ts'
import type { Any } from '../generated/google/protobuf/any.ts'
import { LISTENER_FIELDS } from './fields/listener-fields.ts'
import { fractionOf } from './percent.ts'
import type { Reading } from './reading.ts'
import { unpack } from './unpack.ts'

export const FAULT_FILTER = 'envoy.extensions.filters.http.fault.v3.HTTPFault'

/** Undefined: the filter is there and does nothing. */
export function readFault(reading: Reading, path: string, any: Any): FaultPolicy | undefined {
  const fault = unpack(reading, path, HTTPFault, any)
  if (fault === undefined) return undefined
  reading.tell(path, fault, LISTENER_FIELDS.HTTPFault)
  if (fault.headers.length > 0 || fault.downstreamNodes.length > 0 || fault.upstreamCluster !== '') {
    reading.note(path, 'a fault for some requests only is not applied')
    return undefined
  }
  const delay = readDelay(reading, `${path}.delay`, fault)
  const abort = readAbort(reading, `${path}.abort`, fault)
  const requested = { ...readRequested(fault, 'delay'), ...readRequested(fault, 'abort') }
  const asks = requested.delay !== undefined || requested.abort !== undefined
  if (delay === undefined && abort === undefined && !asks) return undefined
  return {
    ...(delay === undefined ? {} : { delay }),
    ...(abort === undefined ? {} : { abort }),
    ...(asks ? { requested } : {}),
    ...(fault.maxActiveFaults === undefined ? {} : { maxActive: fault.maxActiveFaults }),
  }
}

function readDelay(reading: Reading, path: string, { delay }: HTTPFault): FaultPolicy['delay'] {
  const percent = fractionOf(delay?.percentage)
  if (percent === undefined) reading.refuse(`${path}.percentage`, 'an unknown denominator')
  if (delay?.faultDelaySecifier?.$case !== 'fixedDelay' || percent === undefined) return undefined
  const delayMs = reading.milliseconds(path, delay.faultDelaySecifier.value) ?? 0
  return percent.numerator === 0 ? undefined : { delayMs, percent }
}

function readAbort(reading: Reading, path: string, { abort }: HTTPFault): FaultPolicy['abort'] {
  const percent = fractionOf(abort?.percentage)
  if (percent === undefined) reading.refuse(`${path}.percentage`, 'an unknown denominator')
  if (abort?.errorType === undefined || abort.errorType.$case === 'headerAbort' || percent === undefined) {
    return undefined
  }
  const { $case: kind, value } = abort.errorType
  if (kind === 'httpStatus' && (value < 200 || value > 599)) reading.refuse(path, `HTTP status ${value}`)
  if (percent.numerator === 0) return undefined
  return kind === 'httpStatus' ? { httpStatus: value, percent } : { grpcStatus: value, percent }
}

/** What requests may ask for by header. */
function readRequested(
  { delay, abort }: HTTPFault,
  kind: 'delay' | 'abort',
): Pick<NonNullable<FaultPolicy['requested']>, 'delay' | 'abort'> {
  const asked =
    kind === 'delay' ? delay?.faultDelaySecifier?.$case === 'headerDelay' : abort?.errorType?.$case === 'headerAbort'
  const percentage = (kind === 'delay' ? delay : abort)?.percentage
  const max = fractionOf(percentage)
  const unit = fractionOf({ numerator: 1, denominator: percentage?.denominator ?? 0 })
  return asked && max !== undefined && unit !== undefined ? { [kind]: { max, unit: unit.numerator } } : {}
}
