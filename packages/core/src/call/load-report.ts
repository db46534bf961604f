// A server's report of its own load in a response header, `endpoint-load-metrics` (ORCA), in its two readable forms.
// The binary form is protobuf and is left to the gRPC door. Traffic doors ask for it where `wantsHeads` says so.
import type { LoadReport } from '../balance/reported-load.ts'

export const loadReportHeader = 'endpoint-load-metrics'

/** `TEXT name=value, ...` or `JSON {...}`; undefined when it cannot be read. */
export function parseLoadReport(text: string): LoadReport | undefined {
  const said = contentOf(text)
  if (said === undefined) return undefined
  return {
    cpuUtilization: measured(said, 'cpu_utilization', 'cpuUtilization'),
    applicationUtilization: measured(said, 'application_utilization', 'applicationUtilization'),
    requestsPerSecond: measured(said, 'rps_fractional', 'rpsFractional') || measured(said, 'rps', 'rps'),
    errorsPerSecond: measured(said, 'eps', 'eps'),
  }
}

/** What it says, by the names it uses. */
export function contentOf(text: string): ReadonlyMap<string, unknown> | undefined {
  const [, form = '', body = ''] = /^(TEXT|JSON)\s+(.*)$/s.exec(text.trim()) ?? []
  return form === 'JSON' ? ofJson(body) : form === 'TEXT' ? ofText(body) : undefined
}

function ofText(body: string): ReadonlyMap<string, unknown> {
  const pairs = body.split(',').map((pair) => pair.split('='))
  return new Map(pairs.map(([name = '', value = '']) => [name.trim(), Number(value)]))
}

function ofJson(body: string): ReadonlyMap<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(body)
    return typeof parsed === 'object' && parsed !== null ? new Map(Object.entries(parsed)) : undefined
  } catch {
    return undefined
  }
}

/** 0 where it is not said or is no measure. */
function measured(said: ReadonlyMap<string, unknown>, name: string, camel: string): number {
  const value = Number(said.get(name) ?? said.get(camel) ?? 0)
  return value >= 0 && value < Infinity ? value : 0
}
