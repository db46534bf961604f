// `npm run bench [-- NAME...] [--json]`: measures the benches whose names begin with NAME, all without one.
// Exit 1 where a gate is missed or could not be judged because every run was void.
import { runBench } from './harness/runs.ts'
import { jsonLine, tableHead, tableLine, verdictOf } from './harness/report.ts'
import { startSpinners } from './harness/spinners.ts'
import { benches } from './rows/all.ts'

const json = process.argv.includes('--json')
const names = process.argv.slice(2).filter((argument) => argument !== '--json')
const unknown = names.filter((name) => !benches.some((bench) => isCalled(bench.name, name)))
if (unknown.length > 0) {
  const known = new Set(benches.map(({ name }) => name.split(' ')[0]))
  console.error(`no bench is called ${unknown.join(', ')}; there are ${[...known].join(', ')}`)
  process.exit(2)
}

const spinners = startSpinners()
if (!spinners.running) console.error('no chrt on this machine: CPUs may halt between calls, figures of c1 are soft')
if (!json) console.log(tableHead)
for (const bench of benches) {
  if (names.length > 0 && !names.some((name) => isCalled(bench.name, name))) continue
  for (const sample of await runBench(bench)) {
    console.log(json ? jsonLine(sample) : tableLine(sample))
    const verdict = verdictOf(sample)
    if (verdict === 'MISSED' || verdict === 'void') process.exitCode = 1
  }
}
spinners.stop()

function isCalled(bench: string, name: string): boolean {
  return bench === name || bench.startsWith(`${name} `)
}
