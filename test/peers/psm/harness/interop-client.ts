// The client under test as a process, and its driver: what gRPC's framework asks it on its stats port.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { getChannelzServiceDefinition, type ServiceDefinition, type status } from '@grpc/grpc-js'
import { Remote, serviceNamed, statusService } from './remote.ts'

export type Method = 'EmptyCall' | 'UnaryCall'

export interface ClientStats {
  readonly failures: number
  readonly byPeer: Readonly<Record<string, number>>
  readonly byMethod: Readonly<Partial<Record<Method, Readonly<Record<string, number>>>>>
}

/** Of one method since the start. */
export interface Accumulated {
  readonly started: number
  readonly results: Readonly<Partial<Record<status, number>>>
}

export interface Channel {
  readonly target: string
  readonly state: string
  readonly subchannels: readonly number[]
}

interface Subchannel {
  readonly data: { readonly state: { readonly state: string } }
  readonly socket_ref: readonly { readonly socket_id: string }[]
}

export interface Tls {
  readonly local_certificate: Buffer
  readonly remote_certificate: Buffer
}

export interface Configuration {
  readonly rpc: readonly Method[]
  readonly metadata?: readonly (readonly [Method, key: string, value: string])[]
  readonly timeoutSeconds?: number
}

const stats = serviceNamed('grpc.testing.LoadBalancerStatsService')
const configure = serviceNamed('grpc.testing.XdsUpdateClientConfigureService')
const channelz = getChannelzServiceDefinition() as unknown as ServiceDefinition
const types = { EmptyCall: 'EMPTY_CALL', UnaryCall: 'UNARY_CALL' } as const

/** Builds what is out of date. @throws Error with what the compiler says */
export function buildClient(): string {
  const root = fileURLToPath(new URL('../../../..', import.meta.url))
  const args = [join(root, 'node_modules/typescript/bin/tsc'), '-b', 'test/peers/psm/client']
  const { status: code, stdout } = spawnSync(process.execPath, args, { cwd: root })
  if (code !== 0) throw new Error(String(stdout))
  return join(root, 'test/peers/psm/client/dist/main.js')
}

export class InteropClient {
  readonly #child: ChildProcess
  readonly #remote: Remote
  readonly #home: string

  private constructor(child: ChildProcess, port: number, home: string) {
    this.#child = child
    this.#remote = new Remote(port)
    this.#home = home
  }

  /** @param flags beside --stats_port */
  static async start(
    program: string,
    bootstrap: object,
    flags: Readonly<Record<string, string | number>>,
  ): Promise<InteropClient> {
    const home = await mkdtemp(join(tmpdir(), 'proxyless-psm-'))
    const file = join(home, 'bootstrap.json')
    await writeFile(file, JSON.stringify(bootstrap))
    const words = Object.entries({ ...flags, stats_port: 0 }).map(([name, value]) => `--${name}=${value}`)
    const child = spawn(process.execPath, [program, ...words], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      env: { PATH: process.env['PATH'] ?? '', GRPC_XDS_BOOTSTRAP: file },
    })
    for await (const line of createInterface({ input: child.stdout! })) {
      const { stats_port } = JSON.parse(line) as { stats_port: number }
      return new InteropClient(child, stats_port, home)
    }
    throw new Error('the client ended before it served')
  }

  /** Of the next calls that start, once all of them have ended. */
  async next(count: number, timeoutSeconds = 60): Promise<ClientStats> {
    const request = { num_rpcs: count, timeout_sec: timeoutSeconds }
    const { num_failures, rpcs_by_peer, rpcs_by_method } = await this.#remote.call<{
      num_failures: number
      rpcs_by_peer: Record<string, number>
      rpcs_by_method: Partial<Record<Method, { rpcs_by_peer: Record<string, number> }>>
    }>(stats, 'GetClientStats', request, (timeoutSeconds + 10) * 1000)
    const byMethod = Object.fromEntries(
      Object.entries(rpcs_by_method).map(([method, { rpcs_by_peer: byPeer }]) => [method, byPeer]),
    )
    return { failures: num_failures, byPeer: rpcs_by_peer, byMethod }
  }

  async accumulated(method: Method): Promise<Accumulated> {
    const { stats_per_method } = await this.#remote.call<{
      stats_per_method: Record<string, { rpcs_started: number; result: Accumulated['results'] }>
    }>(stats, 'GetClientAccumulatedStats')
    const { rpcs_started = 0, result = {} } = stats_per_method[types[method]] ?? {}
    return { started: rpcs_started, results: result }
  }

  async configure({ rpc, metadata = [], timeoutSeconds = 0 }: Configuration): Promise<void> {
    await this.#remote.call(configure, 'Configure', {
      types: rpc.map((method) => types[method]),
      metadata: metadata.map(([method, key, value]) => ({ type: types[method], key, value })),
      timeout_sec: timeoutSeconds,
    })
  }

  /** Top channels whose target has this in it. */
  async channels(target: string): Promise<readonly Channel[]> {
    const { channel } = await this.#remote.call<{
      channel: {
        data: { target: string; state: { state: string } }
        subchannel_ref: { subchannel_id: string }[]
      }[]
    }>(channelz, 'GetTopChannels', { start_channel_id: 0 })
    return channel
      .map(({ data, subchannel_ref }) => ({
        target: data.target,
        state: data.state.state,
        subchannels: subchannel_ref.map(({ subchannel_id }) => Number(subchannel_id)),
      }))
      .filter((each) => each.target.includes(target))
  }

  /** States of the subchannels of the channels to this target. */
  async subchannels(channel: string): Promise<readonly string[]> {
    return (await this.#subchannels(channel)).map(({ data }) => data.state.state)
  }

  /** TLS of the sockets of the channels to this target; undefined: plain text. */
  async securities(channel: string): Promise<readonly (Tls | undefined)[]> {
    const sockets = (await this.#subchannels(channel)).flatMap(({ socket_ref }) => socket_ref)
    return Promise.all(
      sockets.map(async ({ socket_id }) => {
        const { socket } = await this.#remote.call<{ socket: { security: { tls: Tls } | null } }>(
          channelz,
          'GetSocket',
          { socket_id },
        )
        return socket.security?.tls
      }),
    )
  }

  async #subchannels(channel: string): Promise<readonly Subchannel[]> {
    const ids = (await this.channels(channel)).flatMap(({ subchannels }) => subchannels)
    return Promise.all(
      ids.map(async (subchannel_id) => {
        const asked = { subchannel_id }
        return (await this.#remote.call<{ subchannel: Subchannel }>(channelz, 'GetSubchannel', asked)).subchannel
      }),
    )
  }

  /** What it holds of its control planes (CSDS). */
  async config(): Promise<ClientConfig> {
    const { config } = await this.#remote.call<{ config?: ClientConfig[] }>(statusService, 'FetchClientStatus')
    if (config?.[0] === undefined) throw new Error('no configuration is told')
    return config[0]
  }

  async stop(): Promise<void> {
    this.#remote.close()
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    if (this.#child.exitCode === null && this.#child.kill('SIGKILL')) await ended
    await rm(this.#home, { recursive: true, force: true })
  }
}

export interface ClientConfig {
  readonly node: { readonly id: string }
  readonly generic_xds_configs?: readonly {
    readonly type_url: string
    readonly name: string
    readonly client_status: string
    readonly xds_config?: Readonly<Record<string, unknown>>
  }[]
}
