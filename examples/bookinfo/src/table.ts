// The live table on a terminal: traffic by version, errors, ejections, latency; redrawn in place every half second.
import { styleText } from 'node:util'
import { problemLine } from './problem-line.ts'
import type { Application } from './stage/application.ts'
import { stepsDirectory } from './stage/documents.ts'
import type { Flow } from './stage/traffic.ts'
import { visit } from './stage/user.ts'

const redrawMs = 500
const visitMs = 100
const askMs = 1000

/** Draws, and keeps some traffic going, until the signal. */
export async function showTable(application: Application, signal: AbortSignal): Promise<void> {
  const columns = new Map<string, number>()
  let round = 0
  const visitor = setInterval(() => {
    const user = ['', 'mary', 'jason', 'ann'][round++ % 4]
    void visit(`${application.url}/productpage`, user)
  }, visitMs)
  let wrong = ''
  const asker = setInterval(() => {
    // a page that has just crashed cannot tell
    application.problems().then(
      (problems) => void (wrong = problemLine(problems)),
      () => undefined,
    )
  }, askMs)
  process.stdout.write('\u001b[2J')
  const draw = (): void => void process.stdout.write(`\u001b[H${render(application, columns, wrong)}\u001b[J`)
  const drawer = setInterval(draw, redrawMs)
  draw()
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  clearInterval(visitor)
  clearInterval(asker)
  clearInterval(drawer)
  process.stdout.write('\n')
}

function render(application: Application, before: Map<string, number>, wrong: string): string {
  const { traffic } = application
  const ejected = traffic.endpointEvents.filter(({ kind }) => kind === 'ejected').length
  const returned = traffic.endpointEvents.length - ejected
  const lines = [
    `${styleText('bold', 'Bookinfo')} on a mesh without a sidecar: ${application.processCount} processes`,
    '',
    `  product page  ${styleText('cyan', `${application.url}/productpage`)}  (?u=jason signs in)`,
    `  metrics       ${styleText('cyan', application.productpage.metricsUrl ?? 'none')}  (for Prometheus)`,
    `  documents     ${application.documents.directory}  (edit them, or copy a variant over one:)`,
    `  variants      cp ${stepsDirectory}/reviews.50-50.yaml ${application.documents.directory}/reviews.yaml`,
    '',
    styleText('dim', '  service      version    calls/s     calls   errors  retried    p50 ms    p99 ms'),
    ...traffic.flows().map((flow) => row(flow, before)),
    '',
    `  ejections ${ejected}, taken back ${returned}, crashes ${traffic.crashes}, configurations ${traffic.configurations}`,
    wrong === '' ? '' : styleText('red', `  ${wrong.slice(0, process.stdout.columns - 3)}`),
    styleText('dim', '  Ctrl-C ends it.'),
  ]
  return lines.map((line) => `${line}\u001b[K\n`).join('')
}

function row(flow: Flow, before: Map<string, number>): string {
  const key = `${flow.service} ${flow.version}`
  const rate = ((flow.calls - (before.get(key) ?? flow.calls)) * 1000) / redrawMs
  before.set(key, flow.calls)
  const sorted = [...flow.durationsMs].sort((a, b) => a - b)
  const percentile = (share: number): string => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(1)
  const errors = String(flow.errors).padStart(9)
  const cells = [rate.toFixed(0).padStart(10), String(flow.calls).padStart(10)]
  const rest = [String(flow.retried).padStart(9), percentile(0.5).padStart(10), percentile(0.99).padStart(10)]
  const shown = flow.errors > 0 ? styleText('red', errors) : errors
  return `  ${flow.service.padEnd(13)}${(flow.version || '-').padEnd(8)}${cells.join('')}${shown}${rest.join('')}`
}
