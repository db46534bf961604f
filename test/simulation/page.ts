// The figures of scenarios as the text of SIMULATION.md.
import type { Figures } from './engine/figures.ts'
import type { Scenario } from './scenarios/scenario.ts'

export type Results = Readonly<Record<string, Figures>>

const opening = `# Simulation

The engine as it is, on virtual time, against simulated servers: what its policies are worth when things go wrong. \`npm run simulate\` makes this page
anew, to the digit: every row of a table meets the same seeds, the same moments of arrival and the same fate of the servers, and differs in the policy only.
Goodput is the share of calls that were answered well, p50 and p99 are of all calls however they ended, amplification is attempts per call.
Calls arrive independently of how earlier ones fare, from three client processes, each with a mesh of its own that knows nothing of the others.
`

export async function resultsOf({ policies, run }: Scenario): Promise<Results> {
  const results: Record<string, Figures> = {}
  for (const [name, policy] of Object.entries(policies)) results[name] = await run(policy)
  return results
}

export function pageOf(sections: readonly string[]): string {
  return [opening, ...sections].join('\n')
}

export function sectionOf({ name, story, units = {} }: Scenario, results: Results): string {
  const own = Object.keys(Object.values(results)[0]?.more ?? {})
  const head = ['policy', 'goodput', 'p50 ms', 'p99 ms', 'amplification', ...own]
  const lines = Object.entries(results).map(([policy, figures]) => [
    policy,
    percent(figures.goodput),
    milliseconds(figures.p50Ms),
    milliseconds(figures.p99Ms),
    figures.amplification.toFixed(2),
    ...own.map((key) => write(figures.more[key] ?? 0, units[key])),
  ])
  const rows = [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...lines]
  return [`## ${name}`, '', story, '', ...rows.map((row) => `| ${row.join(' | ')} |`), ''].join('\n')
}

function write(value: number, unit: 'percent' | 'count' | 'ratio' | undefined): string {
  if (unit === 'percent') return percent(value)
  return unit === 'ratio' ? value.toFixed(2) : String(Math.round(value))
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

function milliseconds(ms: number): string {
  return ms < 10 ? ms.toFixed(1) : ms.toFixed(0)
}
