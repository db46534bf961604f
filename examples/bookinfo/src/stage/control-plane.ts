// `proxyless serve` on the documents on stage, as a process of its own: for the story told over xDS.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Problem } from 'proxyless'

const command = fileURLToPath(new URL('bin/proxyless.js', import.meta.resolve('proxyless/package.json')))
const anyPort = '127.0.0.1:0'

interface Clients {
  readonly version: string
  readonly xds: readonly { readonly upToDate: boolean }[]
}

export class ControlPlane {
  /** `xds://host:port` */
  readonly address: string
  readonly #http: string
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, address: string, http: string) {
    this.#child = child
    this.address = address
    this.#http = http
  }

  static async start(directory: string): Promise<ControlPlane> {
    const args = [command, 'serve', '--config', directory, '--xds', anyPort, '--http', anyPort]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] })
    let xds = ''
    for await (const line of createInterface({ input: child.stdout })) {
      xds ||= /^xDS on (\S+)$/.exec(line)?.[1] ?? ''
      const http = /on (http:\S+)$/.exec(line)?.[1]
      if (http === undefined) continue
      // nobody reads on
      child.stdout.resume()
      return new ControlPlane(child, `xds://${xds}`, http)
    }
    throw new Error('proxyless serve ended before it served')
  }

  /** Version of the documents in force. */
  async version(): Promise<string> {
    return (await this.#clients()).version
  }

  /** Whether so many clients have, of another version than this one, all that they asked for. */
  async served(count: number, before: string): Promise<boolean> {
    const { version, xds } = await this.#clients()
    return version !== before && xds.length === count && xds.every(({ upToDate }) => upToDate)
  }

  /** What it found wrong with the documents. */
  async problems(): Promise<readonly Problem[]> {
    return ((await this.#ask('config')) as { problems: readonly Problem[] }).problems
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await gone
  }

  async #clients(): Promise<Clients> {
    return (await this.#ask('clients')) as Clients
  }

  async #ask(what: string): Promise<unknown> {
    return (await fetch(`${this.#http}/debug/${what}`)).json()
  }
}
