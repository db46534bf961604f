// The bench's figures on paper: one JSON object a line, or a table for people. And the verdict on each.
import { type Figure, isSkipped, isVoid, type Sample } from './bench.ts'
import { judged } from './runs.ts'

export type Verdict = 'ok' | 'MISSED' | 'void' | 'shown' | 'skipped'

/** PERFORMANCE 8.5: threshold plus twice the confidence interval. */
export function verdictOf(sample: Sample): Verdict {
  if (isSkipped(sample)) return 'skipped'
  if (sample.target === undefined) return 'shown'
  if (isVoid(sample)) return 'void'
  return judged(sample) <= sample.target + 2 * sample.ci ? 'ok' : 'MISSED'
}

export function jsonLine(sample: Sample): string {
  if (isSkipped(sample)) return JSON.stringify({ name: sample.name, skipped: sample.skipped })
  const { name, unit, ours, base = null, ratio = null, target = null, ci, control } = sample
  return JSON.stringify({ name, unit, ours, base, ratio, target, ci, control, verdict: verdictOf(sample) }, rounded)
}

const widths = [26, 15, 10, 10, 16, 12, 8]

export const tableHead: string = line(['', 'unit', 'ours', 'base', 'ratio', 'target', ''])

export function tableLine(sample: Sample): string {
  if (isSkipped(sample)) return `${sample.name.padEnd(widths[0] ?? 0)}skipped: ${sample.skipped}`
  const { name, unit, ours, base, ratio, target, ci, control, note } = sample
  const sure = ci === 0 ? '' : ` ±${ci.toFixed(3)}`
  const cells = [name, unit, figure(ours), base === undefined ? '' : figure(base)]
  cells.push(ratio === undefined ? '' : `${ratio.toFixed(3)}${sure}`)
  cells.push(target === undefined ? '' : `<= ${figure(target)}`, verdictOf(sample))
  return (
    line(cells) + (control === undefined ? '' : ` A/A ${control.toFixed(3)}`) + (note === undefined ? '' : ` ${note}`)
  )
}

function line(cells: readonly string[]): string {
  return cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('')
}

function figure(value: Figure['ours']): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3)
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(5)) : value
}
