// What a fault must satisfy beyond its shape, and gRPC's status names.
import type { Report } from '../findings.ts'
import type { FaultSpec } from '../schema/virtual-service.ts'

const GRPC_STATUS = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
]

/** Undefined for a name that does not exist. */
export function grpcStatusOf(name: string): number | undefined {
  const code = GRPC_STATUS.indexOf(name)
  return code === -1 ? undefined : code
}

export function checkFault(fault: FaultSpec, path: string, report: Report): void {
  if (fault.delay === undefined && fault.abort === undefined) {
    report.error('MISSING_FIELD', path, 'needs delay or abort')
  }
  if (fault.delay !== undefined) checkDelay(fault.delay, `${path}.delay`, report)
  if (fault.abort !== undefined) checkAbort(fault.abort, `${path}.abort`, report)
}

function checkDelay(delay: NonNullable<FaultSpec['delay']>, path: string, report: Report): void {
  if (delay.exponentialDelay !== undefined) {
    report.error(
      'UNSUPPORTED_FIELD',
      `${path}.exponentialDelay`,
      'exponentialDelay is not supported by Istio; use fixedDelay',
    )
  } else if (delay.fixedDelay === undefined) {
    report.error('MISSING_FIELD', path, 'needs fixedDelay')
  }
  if (delay.percentage === undefined && delay.percent === undefined) {
    report.warn('FAULT_INERT', path, 'without percentage the delay never happens')
  }
}

function checkAbort(abort: NonNullable<FaultSpec['abort']>, path: string, report: Report): void {
  if (abort.http2Error !== undefined) {
    report.error(
      'UNSUPPORTED_FIELD',
      `${path}.http2Error`,
      'http2Error is not supported by Istio; use httpStatus or grpcStatus',
    )
  }
  if (abort.httpStatus !== undefined && abort.grpcStatus !== undefined) {
    report.error('CONFLICTING_FIELDS', path, 'httpStatus and grpcStatus exclude one another')
  }
  if (abort.grpcStatus !== undefined && grpcStatusOf(abort.grpcStatus) === undefined) {
    report.error(
      'INVALID_VALUE',
      `${path}.grpcStatus`,
      `"${abort.grpcStatus}" is not a gRPC status name like UNAVAILABLE`,
    )
  }
  if (abort.httpStatus === undefined && abort.grpcStatus === undefined && abort.http2Error === undefined) {
    report.warn('FAULT_INERT', path, 'without a status the abort never happens')
  } else if (abort.percentage === undefined) {
    report.warn('FAULT_INERT', path, 'without percentage the abort never happens')
  }
}
