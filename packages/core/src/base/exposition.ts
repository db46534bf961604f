// Metrics as plain data, and as Prometheus' text format (0.0.4).

export type Labels = Readonly<Record<string, string>>

/** What was measured, in buckets: `counts[i]` values were at most `bounds[i]` and above the bound before; the last count has no bound. */
export interface Distribution {
  readonly counts: ArrayLike<number>
  readonly sum: number
}

interface Named {
  readonly name: string
  readonly help: string
}

export interface NumberFamily extends Named {
  readonly type: 'counter' | 'gauge'
  readonly samples: readonly (readonly [Labels, number])[]
}

interface HistogramFamily extends Named {
  readonly type: 'histogram'
  readonly bounds: readonly number[]
  readonly samples: readonly (readonly [Labels, Distribution])[]
}

export type MetricFamily = NumberFamily | HistogramFamily

/** The content type of what `metricsText` makes. */
export const metricsType = 'text/plain; version=0.0.4; charset=utf-8'

/** Families without a sample are left out. */
export function metricsText(families: Iterable<MetricFamily>): string {
  const lines: string[] = []
  for (const family of families) {
    const { name, help, type } = family
    if (family.samples.length === 0) continue
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
    if (family.type === 'histogram') {
      for (const [labels, distribution] of family.samples) histogram(lines, family, labelsText(labels), distribution)
    } else {
      for (const [labels, value] of family.samples) lines.push(`${name}${braced(labelsText(labels))} ${value}`)
    }
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

function histogram(
  lines: string[],
  { name, bounds }: HistogramFamily,
  labels: string,
  { counts, sum }: Distribution,
): void {
  const comma = labels === '' ? '' : ','
  let count = 0
  for (let i = 0; i <= bounds.length; i++) {
    count += counts[i] ?? 0
    lines.push(`${name}_bucket{${labels}${comma}le="${bounds[i] ?? '+Inf'}"} ${count}`)
  }
  lines.push(`${name}_sum${braced(labels)} ${sum}`, `${name}_count${braced(labels)} ${count}`)
}

function braced(labels: string): string {
  return labels === '' ? '' : `{${labels}}`
}

function labelsText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',')
}

function escaped(value: string): string {
  return /[\\"\n]/.test(value) ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n') : value
}
