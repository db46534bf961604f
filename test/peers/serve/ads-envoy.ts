// A real Envoy that gets everything from a control plane: started with an ADS bootstrap, asked for its statistics, stopped.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '../../kit/until.ts'

export interface AdsEnvoyOptions {
  readonly binary: string
  /** `127.0.0.1:port` */
  readonly xds: string
  readonly protocol: 'sotw' | 'delta'
  readonly node: { readonly id: string; readonly metadata: object }
}

export interface AdsEnvoy {
  /** Values of the statistics whose names match. */
  stats(pattern: RegExp): Promise<ReadonlyMap<string, number>>
  close(): Promise<void>
}

const startTimeoutMs = 60_000

export async function startAdsEnvoy(options: AdsEnvoyOptions): Promise<AdsEnvoy> {
  const directory = await mkdtemp(join(tmpdir(), 'proxyless-ads-envoy-'))
  const file = (name: string): string => join(directory, name)
  await writeFile(file('envoy.json'), JSON.stringify(bootstrapOf(options)))
  const flags = ['--concurrency', '1', '--disable-hot-restart', '--log-level', 'error']
  const args = ['-c', file('envoy.json'), '--admin-address-path', file('admin'), ...flags]
  const child = spawn(options.binary, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const stop = (): void => void child.kill('SIGKILL')
  process.once('exit', stop)
  const close = async (): Promise<void> => {
    await ended(child)
    process.off('exit', stop)
    await rm(directory, { recursive: true, force: true })
  }
  try {
    let admin = ''
    await until(async () => {
      if (child.exitCode !== null) return true
      admin = await readFile(file('admin'), 'utf8')
      return (await fetch(`http://${admin}/ready`)).status === 200
    }, startTimeoutMs)
    if (child.exitCode !== null) throw new Error('Envoy does not start')
    return { stats: (pattern) => statsOf(admin, pattern), close }
  } catch (error) {
    await close()
    throw error
  }
}

function bootstrapOf({ xds, protocol, node }: AdsEnvoyOptions): object {
  const [address, port] = xds.split(':')
  const ads = { ads: {}, resource_api_version: 'V3' }
  const http2 = {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
      explicit_http_config: { http2_protocol_options: {} },
    },
  }
  const endpoint = { address: { socket_address: { address, port_value: Number(port) } } }
  return {
    node: { cluster: 'bookinfo', ...node },
    admin: { address: { socket_address: { address: '127.0.0.1', port_value: 0 } } },
    dynamic_resources: {
      ads_config: {
        api_type: protocol === 'sotw' ? 'GRPC' : 'DELTA_GRPC',
        transport_api_version: 'V3',
        grpc_services: [{ envoy_grpc: { cluster_name: 'control-plane' } }],
      },
      cds_config: ads,
      lds_config: ads,
    },
    static_resources: {
      clusters: [
        {
          name: 'control-plane',
          type: 'STATIC',
          typed_extension_protocol_options: http2,
          load_assignment: { cluster_name: 'control-plane', endpoints: [{ lb_endpoints: [{ endpoint }] }] },
        },
      ],
    },
  }
}

async function statsOf(admin: string, pattern: RegExp): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`http://${admin}/stats`)).text()
  const lines = text.split('\n').map((line) => line.split(': '))
  return new Map(lines.flatMap(([name = '', value]) => (pattern.test(name) ? [[name, Number(value)] as const] : [])))
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  await new Promise((resolve) => {
    child.once('exit', resolve)
    child.kill('SIGKILL')
  })
}
