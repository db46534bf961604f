// The go-control-plane server of server/: built once into the cache outside the tree, started on free ports of loopback.
import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { goBinaries } from '../go-binaries.ts'

/** Path of the binary; undefined where the machine cannot have one, which is a failure with PEERS=require. */
export async function controlPlaneBinary(): Promise<string | undefined> {
  const folder = await goBinaries({
    name: 'go-control-plane',
    sources: fileURLToPath(new URL('server', import.meta.url)),
    packages: { server: '.' },
    timeoutMs: 580_000,
  })
  return folder === undefined ? undefined : join(folder, 'server')
}

export interface Snapshot {
  readonly version: string
  readonly listeners?: readonly object[]
  readonly routes?: readonly object[]
  readonly clusters?: readonly object[]
  readonly endpoints?: readonly object[]
}

export interface Stats {
  readonly acks: Readonly<Record<string, number>>
  readonly nacks: Readonly<Record<string, number>>
  readonly streams: number
  readonly errors: readonly string[] | null
}

/** Numbers of 64 bits are texts; what is 0 is left out. */
export interface ClusterLoad {
  readonly clusterName: string
  readonly upstreamLocalityStats?: readonly {
    readonly locality: { readonly zone: string }
    readonly totalIssuedRequests?: string
    readonly totalSuccessfulRequests?: string
    readonly totalErrorRequests?: string
    readonly upstreamEndpointStats?: readonly {
      readonly address: { readonly socketAddress: { readonly portValue: number } }
      readonly totalIssuedRequests?: string
    }[]
  }[]
}

export class ControlPlane {
  readonly port: number
  readonly #http: string
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, ports: { xds: number; http: number }) {
    this.#child = child
    this.port = ports.xds
    this.#http = `http://127.0.0.1:${ports.http}`
  }

  /** @param port 0: a free one */
  static async start(binary: string, port = 0): Promise<ControlPlane> {
    const child = spawn(binary, [String(port)], { stdio: ['pipe', 'pipe', 'inherit'] })
    for await (const line of createInterface({ input: child.stdout })) {
      return new ControlPlane(child, JSON.parse(line) as { xds: number; http: number })
    }
    throw new Error('the control plane ended before it served')
  }

  async serve(node: string, snapshot: Snapshot): Promise<void> {
    const body = JSON.stringify(snapshot)
    const answer = await fetch(`${this.#http}/snapshot?node=${encodeURIComponent(node)}`, { method: 'PUT', body })
    if (!answer.ok) throw new Error(await answer.text())
  }

  async stats(): Promise<Stats> {
    return (await (await fetch(`${this.#http}/stats`)).json()) as Stats
  }

  /** Where it serves REST-JSON. */
  get rest(): string {
    return this.#http
  }

  /** All load reports so far: how many, and what they say of clusters, as protobuf JSON. */
  async loads(): Promise<{ readonly reports: number; readonly clusters: readonly ClusterLoad[] }> {
    const answer = await fetch(`${this.#http}/loads`)
    return (await answer.json()) as { reports: number; clusters: readonly ClusterLoad[] }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGKILL')
    await ended
  }
}
