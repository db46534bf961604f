// Child processes of the bench: started with a pipe that ends them when their parent is gone.
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A built module of the bench as a process; what it sends first is `first`. */
export async function forkModule<T>(
  module: string,
  args: readonly string[] = [],
): Promise<{ readonly first: T; readonly child: ChildProcess }> {
  const path = fileURLToPath(new URL(`../${module}`, import.meta.url))
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const first = await new Promise<T>((resolve, reject) => {
    child.once('message', (message) => resolve(message as T))
    child.once('exit', (code) => reject(new Error(`${module} ended with ${code}`)))
  })
  return { first, child }
}

/** CPU time of a process and all of its threads in microseconds; Linux only. */
export function cpuOf(pid: number): number {
  let nanoseconds = 0
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    nanoseconds += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0])
  }
  return nanoseconds / 1_000
}
