// Instructions per call by valgrind's callgrind: the difference of two runs, so that starting node counts for nothing.
import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const valgrind = ['--tool=callgrind', '--smc-check=all-non-file', '--callgrind-out-file=/dev/null']
const node = ['--single-threaded', '--predictable', '--hash-seed=1', '--random-seed=1']

export function hasCallgrind(): boolean {
  return spawnSync('valgrind', ['--version']).status === 0
}

/** @param module a built one of the bench, that takes its number of calls as the first argument and then `rest` */
export async function instructionsPerCall(
  module: string,
  fewer: number,
  more: number,
  ...rest: string[]
): Promise<number> {
  const [few, many] = await Promise.all([countOf(module, fewer, rest), countOf(module, more, rest)])
  return (many - few) / (more - fewer)
}

function countOf(module: string, calls: number, rest: string[]): Promise<number> {
  const path = fileURLToPath(new URL(`../${module}`, import.meta.url))
  const child = spawn('valgrind', [...valgrind, process.execPath, ...node, path, String(calls), ...rest])
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  return new Promise((resolve, reject) => {
    child.on('exit', () => {
      const count = /Collected : (\d+)/.exec(said)?.[1]
      if (count === undefined) reject(new Error(`callgrind gave no count: ${said.slice(-500)}`))
      else resolve(Number(count))
    })
  })
}
