// Whether both sides draw from one distribution: how often each backend was chosen, by a chi-square test.
import type { Ask } from './scenario.ts'
import type { Side } from './side.ts'

export type Counts = Readonly<Record<string, number>>

/** Several at once, because only the number counts. */
export async function counted(side: Side, count: number, ask: (n: number) => Ask = () => ({})): Promise<Counts> {
  const counts: Record<string, number> = {}
  let sent = 0
  const worker = async (): Promise<void> => {
    while (sent < count) {
      const { arrivals, status } = await side.send(ask(sent++))
      const name = arrivals.at(-1)?.backend ?? String(status)
      counts[name] = (counts[name] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: 8 }, worker))
  return counts
}

/** Complaints, if equal distributions would differ so much once in a million times. */
export function alike(ours: unknown, envoys: unknown): string[] {
  const [one, other] = [ours as Counts, envoys as Counts]
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])]
  const square = names.map((name) => squareOf(one[name] ?? 0, other[name] ?? 0)).reduce((sum, each) => sum + each, 0)
  if (square < critical(names.length - 1)) return []
  return [`ours ${JSON.stringify(one)}, Envoy ${JSON.stringify(other)}: chi-square ${square.toFixed(1)}`]
}

/** Of samples of equal size. */
function squareOf(one: number, other: number): number {
  return (one - other) ** 2 / (one + other)
}

/** Wilson and Hilferty's approximation, at 4.75 standard deviations. */
function critical(degrees: number): number {
  const k = Math.max(1, degrees)
  return k * (1 - 2 / (9 * k) + 4.75 * Math.sqrt(2 / (9 * k))) ** 3
}
