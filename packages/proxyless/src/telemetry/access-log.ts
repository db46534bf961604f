// One line for each call that has ended, in Envoy's default format or as JSON under Istio's names; off unless it is asked for.
import type { CallRecord, MeshObserver } from '@proxyless/core'

export type AccessLogFormat = 'text' | 'json'

/** `write` gets each line without its end; default: the process's standard output. */
export interface AccessLogOptions {
  readonly format?: AccessLogFormat
  readonly write?: (line: string) => void
}

export function accessLog(said: AccessLogFormat | AccessLogOptions): MeshObserver {
  const { format = 'text', write = toStandardOutput() } = typeof said === 'string' ? { format: said } : said
  const lineOf = format === 'json' ? jsonLine : textLine
  return { callEnded: (call) => write(lineOf(call)) }
}

/** Envoy's default format string. */
function textLine(call: CallRecord): string {
  const { status, flags, endpoint, sizes } = call
  const request = `${call.method} ${pathOf(call)} ${protocolOf(call)}`
  const numbers = [status, flags, sizes.requestBytes, sizes.responseBytes, Math.round(call.durationMs)]
  const upstream = call.upstreamMs === undefined ? '-' : Math.round(call.upstreamMs)
  const headers = ['x-forwarded-for', 'user-agent', 'x-request-id', ':authority'].map(
    (name) => call.header(name) ?? '-',
  )
  const quoted = [...headers, endpoint || '-'].map((text) => `"${text}"`)
  return `[${startOf(call)}] "${request}" ${numbers.join(' ')} ${upstream} ${quoted.join(' ')}`
}

/** The keys that Istio's proxies write with `accessLogEncoding: JSON`; what a process without a proxy has not is null. */
function jsonLine(call: CallRecord): string {
  const header = (name: string): string | null => call.header(name) ?? null
  return JSON.stringify({
    authority: header(':authority'),
    bytes_received: call.sizes.requestBytes,
    bytes_sent: call.sizes.responseBytes,
    connection_termination_details: null,
    downstream_local_address: null,
    downstream_remote_address: null,
    duration: Math.round(call.durationMs),
    method: call.method,
    path: pathOf(call),
    protocol: protocolOf(call),
    request_id: header('x-request-id'),
    requested_server_name: null,
    response_code: call.status,
    response_code_details: call.details || (call.status === 0 ? null : 'via_upstream'),
    response_flags: call.flags,
    route_name: call.route || null,
    start_time: startOf(call),
    upstream_cluster: call.cluster || null,
    upstream_host: call.endpoint || null,
    upstream_local_address: null,
    upstream_service_time: call.upstreamMs === undefined ? null : String(Math.round(call.upstreamMs)),
    upstream_transport_failure_reason: /\|([^}]+)\}$/.exec(call.details)?.[1] ?? null,
    user_agent: header('user-agent'),
    x_forwarded_for: header('x-forwarded-for'),
  })
}

function startOf({ startedAtMs }: CallRecord): string {
  return new Date(startedAtMs).toISOString()
}

/** As it was routed: normalised, and not yet rewritten. */
function pathOf({ path, target }: CallRecord): string {
  if (path === '') return target
  const query = target.indexOf('?')
  return query === -1 ? path : path + target.slice(query)
}

function protocolOf({ protocol }: CallRecord): string {
  return protocol === 'grpc' ? 'HTTP/2' : 'HTTP/1.1'
}

/** Lines of one turn are written at once, as long as there is a reader. */
function toStandardOutput(): (line: string) => void {
  const { stdout } = process
  let text = ''
  let gone = false
  const written = (error?: Error | null): void => {
    if (error === undefined || error === null || gone) return
    gone = true
    // `app | head`: what the stream tells next is nobody's error
    stdout.once('error', ignore)
    setImmediate(() => stdout.off('error', ignore))
  }
  const write = (): void => {
    stdout.write(text, written)
    text = ''
  }
  return (line) => {
    if (gone) return
    if (text === '') queueMicrotask(write)
    text += `${line}\n`
  }
}

function ignore(): void {}
