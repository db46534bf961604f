// A process that imports the packages it is told, one after the other, and tells what that cost.
import { getHeapStatistics } from 'node:v8'

export interface Imported {
  readonly ms: number
  readonly heap: number
}

const before = getHeapStatistics().used_heap_size
const { user, system } = process.cpuUsage()
for (const name of process.argv.slice(2)) await import(name)
const cpu = process.cpuUsage({ user, system })
const imported: Imported = {
  ms: (cpu.user + cpu.system) / 1_000,
  heap: getHeapStatistics().used_heap_size - before,
}
process.send?.(imported)
process.on('disconnect', () => process.exit())
