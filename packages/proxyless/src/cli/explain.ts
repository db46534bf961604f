// proxyless explain: where a request would go, and why.
import { styleText } from 'node:util'
import type { Explanation } from '@proxyless/core'
import { createMesh } from '../create-mesh.ts'
import { readRequest } from '../explain-input.ts'
import { parseWorkload, type WorkloadOptions } from './texts.ts'

export interface ExplainOptions extends WorkloadOptions {
  readonly config: string
  readonly method: string
  readonly header?: readonly string[]
  readonly json?: boolean
}

/** Resolves to the exit code: 0, wherever the request ends. @throws Error for what is not a request */
export async function runExplain(url: string, options: ExplainOptions, out: NodeJS.WritableStream): Promise<number> {
  const { config, method, header = [] } = options
  const request = readRequest({ url, method, headers: parseHeaders(header) })
  await using mesh = await createMesh({ config, workload: parseWorkload(options) })
  const explanation = mesh.explain(request)
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
