// What header operations must satisfy beyond their shape.
import { joinPath } from '../documents/path.ts'
import type { Report } from '../findings.ts'
import type { HeaderOperationsSpec, HeadersSpec } from '../schema/virtual-service.ts'
import { isHeaderName } from './http-match.ts'

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'proxy-connection'])
const CONTROL = /[^\t -~\u{80}-\u{10ffff}]/u
const OPERATOR = /^%(?:%|REQ\([^()%]+\)%|PROTOCOL%|START_TIME%|UPSTREAM_CLUSTER%)/

export function checkHeaders(headers: HeadersSpec | undefined, path: string, report: Report): void {
  if (headers?.request !== undefined) checkOperations(headers.request, `${path}.request`, report)
  if (headers?.response !== undefined) checkOperations(headers.response, `${path}.response`, report)
}

export function isHostHeader(name: string): boolean {
  const lower = name.toLowerCase()
  return lower === 'host' || lower === ':authority'
}

export function countHostRewrites(headers: HeadersSpec | undefined): number {
  const { set = {}, add = {} } = headers?.request ?? {}
  return [...Object.keys(set), ...Object.keys(add)].filter(isHostHeader).length
}

function checkOperations(operations: HeaderOperationsSpec, path: string, report: Report): void {
  for (const field of ['set', 'add'] as const) {
    for (const [name, value] of Object.entries(operations[field] ?? {})) {
      const at = joinPath(`${path}.${field}`, name)
      checkName(name, value, at, report)
      checkValue(value, at, report)
    }
  }
  for (const [index, name] of (operations.remove ?? []).entries()) {
    const at = `${path}.remove[${index}]`
    if (isHostHeader(name)) report.error('INVALID_VALUE', at, 'the host header cannot be removed')
    else if (!isHeaderName(name)) report.error('INVALID_VALUE', at, `"${name}" is not a header name`)
  }
}

function checkName(name: string, value: string, path: string, report: Report): void {
  if (name === ':authority') return
  if (!isHeaderName(name)) report.error('INVALID_VALUE', path, `"${name}" is not a header name`)
  else if (HOP_BY_HOP.has(name.toLowerCase()) && !(name.toLowerCase() === 'te' && value === 'trailers')) {
    report.warn('HOP_BY_HOP_HEADER', path, `"${name}" is managed by the connection; setting it may have no effect`)
  }
}

function checkValue(value: string, path: string, report: Report): void {
  if (CONTROL.test(value))
    report.error('INVALID_VALUE', path, 'a header value cannot hold control characters; Envoy refuses it')
  for (let at = value.indexOf('%'); at !== -1; at = value.indexOf('%', at)) {
    const operator = OPERATOR.exec(value.slice(at))
    if (operator === null) {
      const message =
        'only %REQ(name)%, %PROTOCOL%, %START_TIME%, %UPSTREAM_CLUSTER% and %% are known; write %% for a percent sign'
      report.error('HEADER_FORMAT', path, message)
      return
    }
    at += operator[0].length
  }
}
