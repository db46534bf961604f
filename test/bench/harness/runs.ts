// Several runs of one bench, each in a fresh process; disturbed ones are repeated, and the median counts.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Bench, type Figure, isDisturbed, isSkipped, isVoid, type Sample } from './bench.ts'

/** How often a disturbed run is repeated. */
const repeats = 2

/** The rows of a bench: each the median of its valid runs; of all runs where none was valid. */
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
  return (runs[0] ?? []).map((first) => medianOf(runs.flat().filter(({ name }) => name === first.name)))
}

function medianOf(samples: readonly Sample[]): Sample {
  const figures = samples.filter((sample): sample is Figure => !isSkipped(sample))
  const valid = figures.filter((figure) => !isVoid(figure))
  const sorted = (valid.length > 0 ? valid : figures).toSorted((a, b) => judged(a) - judged(b))
  return sorted[Math.floor(sorted.length / 2)] ?? (samples[0] as Sample)
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
