// All numbers of a server's report of its own load, by name: those in maps as `named_metrics.KEY` (ORCA).
// Read only where somebody passes them on; balancers read load-report.
import { contentOf } from './load-report.ts'

export function parseLoadMetrics(text: string): ReadonlyMap<string, number> {
  const metrics = new Map<string, number>()
  for (const [name, value] of contentOf(text) ?? []) {
    const own = snake(name)
    if (typeof value === 'object' && value !== null) {
      for (const [key, each] of Object.entries(value)) add(metrics, `${own}.${key}`, each)
    } else add(metrics, own, value)
  }
  return metrics
}

function add(metrics: Map<string, number>, name: string, value: unknown): void {
  const number = Number(value)
  if (Number.isFinite(number) && value !== null && value !== '') metrics.set(name, number)
}

/** `namedMetrics` and `named_metrics` are one. */
function snake(name: string): string {
  const dot = name.indexOf('.')
  const head = dot === -1 ? name : name.slice(0, dot)
  return head.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) + (dot === -1 ? '' : name.slice(dot))
}
