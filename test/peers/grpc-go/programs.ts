// The grpc-go programs of xclient/, xserver/ and backend/: built once into the cache outside the tree, started on free ports of loopback.
// Their flags and services are those of gRPC's interop programs.
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { goBinaries } from '../go-binaries.ts'

export interface GoPrograms {
  /** Paths. */
  readonly xclient: string
  readonly xserver: string
}

/** Undefined where the machine cannot have them, which is a failure with PEERS=require. */
export async function goPrograms(): Promise<GoPrograms | undefined> {
  const [xclient, xserver] = [await goProgram('xclient'), await goProgram('xserver')]
  return xclient === undefined || xserver === undefined ? undefined : { xclient, xserver }
}

/** The path of one. */
export async function goProgram(name: 'xclient' | 'xserver' | 'backend'): Promise<string | undefined> {
  const sources = fileURLToPath(new URL(name, import.meta.url))
  const folder = await goBinaries({ name: `grpc-go-${name}`, sources, packages: { [name]: '.' }, timeoutMs: 580_000 })
  return folder === undefined ? undefined : join(folder, name)
}

/** A program that says its ports in its first line, as JSON, and ends with its input. */
export class GoProgram {
  readonly ports: Readonly<Record<string, number>>
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, ports: Readonly<Record<string, number>>) {
    this.#child = child
    this.ports = ports
  }

  static async start(
    binary: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<GoProgram> {
    const child = spawn(binary, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } })
    for await (const line of createInterface({ input: child.stdout })) {
      return new GoProgram(child, JSON.parse(line) as Record<string, number>)
    }
    throw new Error(`${binary} ended before it served`)
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGKILL')
    await ended
  }
}
