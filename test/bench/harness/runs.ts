// Several runs of one bench, each in a fresh process; disturbed ones are repeated, and the median counts.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Bench, type Figure, isDisturbed, isSkipped, isVoid, type Sample } from './bench.ts'

/** How often a disturbed run is repeated. */
const repeats = 2

/** The rows of a bench: each the median of its valid runs, of all runs where none was valid; or all of them together. */
export async function runBench(bench: Bench): Promise<Sample[]> {
  const runs: (readonly Sample[])[] = []
  for (let run = 0; run < bench.runs; run++) {
    for (let again = 0; ; again++) {
      const samples = await runOnce(bench)
      if (again < repeats && samples.some(isDisturbed)) continue
      runs.push(samples)
      break
    }
  }
  return (runs[0] ?? []).map((first) => middleOf(runs.flat().filter(({ name }) => name === first.name)))
}

function middleOf(samples: readonly Sample[]): Sample {
  const figures = samples.filter((sample): sample is Figure => !isSkipped(sample))
  if (figures.some(({ precision }) => precision !== undefined)) return together(figures)
  const valid = figures.filter((figure) => !isVoid(figure))
  const sorted = (valid.length > 0 ? valid : figures).toSorted((a, b) => judged(a) - judged(b))
  return sorted[Math.floor(sorted.length / 2)] ?? (samples[0] as Sample)
}

/** Where a narrow interval is asked for: the mean of the undisturbed runs, which is known better than any of them. */
function together(figures: readonly Figure[]): Figure {
  const calm = figures.filter((figure) => !isDisturbed(figure))
  const runs = calm.length > 0 ? calm : figures
  const mean = (of: (figure: Figure) => number): number => runs.reduce((sum, run) => sum + of(run), 0) / runs.length
  const interval = (of: (figure: Figure) => number): number => Math.hypot(...runs.map(of)) / runs.length
  const first = runs[0] as Figure
  return {
    ...first,
    ours: mean(({ ours }) => ours),
    ...(first.base === undefined ? {} : { base: mean(({ base = Number.NaN }) => base) }),
    ...(first.ratio === undefined ? {} : { ratio: mean(({ ratio = Number.NaN }) => ratio) }),
    ci: interval(({ ci }) => ci),
    ...(first.control === undefined ? {} : { control: mean(({ control = 1 }) => control) }),
    ...(first.controlCi === undefined ? {} : { controlCi: interval(({ controlCi = 0 }) => controlCi) }),
  }
}

/** The figure that is held against the target. */
export function judged(figure: Figure): number {
  return figure.ratio ?? figure.ours
}

function runOnce({ name, flags }: Bench): Promise<readonly Sample[]> {
  const module = fileURLToPath(new URL('../run-one.js', import.meta.url))
  const child = spawn(process.execPath, [...flags, module, name], { stdio: ['ignore', 2, 2, 'ipc'] })
  return new Promise((resolve, reject) => {
    let samples: readonly Sample[] | undefined
    child.on('message', (message) => (samples = message as readonly Sample[]))
    child.on('exit', (code) => {
      if (samples === undefined) reject(new Error(`bench ${name} ended with ${code} and no figures`))
      else resolve(samples)
    })
  })
}
