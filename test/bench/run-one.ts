// The process that measures one bench once, and sends what it found to main.
import { benches } from './rows/all.ts'

const bench = benches.find(({ name }) => name === process.argv[2])
if (bench === undefined) throw new Error(`no bench is called ${process.argv[2]}`)
const samples = await bench.measure()
process.send?.(samples, () => process.exit())
