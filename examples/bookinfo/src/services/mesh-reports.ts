// Turns what the mesh's observer sees into reports for the launcher: calls in batches, news of endpoints and configuration at once.
import type { MeshObserver } from 'proxyless'
import type { CallReport, Report } from './messages.ts'

const batchMs = 200

export function meshReports(send: (report: Report) => void): MeshObserver {
  let calls: CallReport[] = []
  const flush = (): void => {
    send({ kind: 'calls', calls })
    calls = []
  }
  return {
    callEnded: ({ authority, endpointLabels, status, flags, attempts, durationMs }) => {
      if (calls.length === 0) setTimeout(flush, batchMs).unref()
      const service = authority.split(':')[0] ?? ''
      calls.push({ service, version: endpointLabels['version'] ?? '', status, flags, attempts, durationMs })
    },
    endpointEjected: ({ endpoint }) => send({ kind: 'ejected', endpoint }),
    endpointReturned: ({ endpoint }) => send({ kind: 'returned', endpoint }),
    configApplied: ({ version }) => send({ kind: 'config', version }),
  }
}
