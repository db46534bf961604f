// proxyless explain: where a request would go, and why.
import { styleText } from 'node:util'
import type { Explanation } from '@proxyless/core'
import { createMesh } from '../create-mesh.ts'
import { parseLabels } from './texts.ts'

export interface ExplainOptions {
  readonly config: string
  readonly method: string
  readonly header: readonly string[]
  readonly namespace: string
  readonly labels?: string
  readonly json?: boolean
}

/** Resolves to the exit code: 0 when the request reaches an endpoint or an answer that a document asks for. */
export async function runExplain(url: string, options: ExplainOptions, out: NodeJS.WritableStream): Promise<number> {
  const workload = { namespace: options.namespace, labels: parseLabels(options.labels) }
  await using mesh = await createMesh({ config: options.config, workload })
  const explanation = mesh.explain({ url, method: options.method, headers: parseHeaders(options.header) })
  if (options.json === true) {
    const { request, steps, outcome } = explanation
    out.write(`${JSON.stringify({ request, steps, outcome }, null, 2)}\n`)
  } else {
    out.write(`${coloured(explanation)}\n`)
  }
  return 0
}

function parseHeaders(lines: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    if (colon <= 0) throw new Error(`-H wants 'name: value', not "${line}"`)
    headers[line.slice(0, colon).trim()] = line.slice(colon + 1).trim()
  }
  return headers
}

/** The first line stands out; the sources step back. */
function coloured(explanation: Explanation): string {
  const [title = '', ...lines] = String(explanation).split('\n')
  const rest = lines.map((line) =>
    line.replace(/ {2}(\([^()]*(?:\([^()]*\))?[^()]*\))$/, (_all, source: string) => `  ${styleText('dim', source)}`),
  )
  return [styleText('bold', title), ...rest].join('\n')
}
