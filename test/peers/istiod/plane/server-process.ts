// A server in a process of its own: started, waited for, ended; what it printed is told when it fails.
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { basename } from 'node:path'
import { until } from '../../../kit/until.ts'

/** A shell that becomes the program, which ends when whoever started it closes standard input, or is gone. */
const leashed = 'exec 3<&0; (cat <&3 >/dev/null; kill -9 $$) & exec "$0" "$@" 3<&- </dev/null'

/** A machine with other work to do takes its time. */
const startTimeoutMs = 120_000

export interface Program {
  readonly binary: string
  readonly command?: string
  /** Written `--name=value`. */
  readonly flags: Readonly<Record<string, string | number | boolean>>
  readonly env?: Readonly<Record<string, string>>
  /** Where its output goes. */
  readonly log: string
  /** Asked again until it is true. */
  readonly isReady: () => Promise<boolean>
}

export class ServerProcess {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  static async start({ binary, command, flags, env = {}, log, isReady }: Program): Promise<ServerProcess> {
    const output = openSync(log, 'a')
    const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`)
    if (command !== undefined) args.unshift(command)
    const child = spawn('sh', ['-c', leashed, binary, ...args], {
      stdio: ['pipe', output, output],
      env: { ...process.env, ...env },
    })
    closeSync(output)
    const started = new ServerProcess(child)
    try {
      await until(async () => started.#ended() || (await isReady().catch(() => false)), startTimeoutMs)
    } catch (error) {
      await started.stop()
      throw new Error(`${basename(binary)} is not ready:\n${tail(log)}`, { cause: error })
    }
    if (started.#ended()) throw new Error(`${basename(binary)} ended:\n${tail(log)}`)
    return started
  }

  async stop(): Promise<void> {
    if (this.#ended()) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.stdin?.end()
    await ended
  }

  #ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }
}

export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

function tail(log: string): string {
  return readFileSync(log, 'utf8').split('\n').slice(-30).join('\n')
}
