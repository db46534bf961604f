// Envoy as a sidecar: one worker, one route with a timeout and retries, round robin over the servers, outlier detection.
// Fewer rules than the mesh is given, and none of a sidecar's telemetry or TLS: cheap for Envoy.
import { spawn } from 'node:child_process'
import { createServer, type AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { request } from 'undici'
import { cpuOf } from '../harness/processes.ts'

export interface Envoy {
  readonly port: number
  /** CPU so far in microseconds. */
  cpu(): number
  close(): void
}

const startTimeoutMs = 10_000

export async function startEnvoy(binary: string, upstreams: readonly number[]): Promise<Envoy> {
  const port = await freePort()
  const config = ['--config-yaml', JSON.stringify(bootstrap(port, upstreams))]
  const flags = ['--concurrency', '1', '--disable-hot-restart', '--log-level', 'error']
  const child = spawn(binary, [...config, ...flags], { stdio: ['ignore', 'ignore', 'inherit'] })
  const { pid } = child
  const close = (): void => void child.kill()
  process.once('exit', close)
  if (pid === undefined) throw new Error(`${binary} does not start`)
  await answering(port)
  return { port, cpu: () => cpuOf(pid), close }
}

async function answering(port: number): Promise<void> {
  for (const end = Date.now() + startTimeoutMs; Date.now() < end; await setTimeout(20)) {
    try {
      const { statusCode, body } = await request(`http://127.0.0.1:${port}/`)
      await body.dump()
      if (statusCode === 200) return
    } catch {
      // it is not listening yet
    }
  }
  throw new Error('Envoy does not answer')
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

function bootstrap(port: number, upstreams: readonly number[]): object {
  return {
    static_resources: {
      listeners: [{ name: 'outbound', address: address(port), filter_chains: [{ filters: [connectionManager] }] }],
      clusters: [cluster(upstreams)],
    },
  }
}

const connectionManager = {
  name: 'http',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    stat_prefix: 'outbound',
    http_filters: [
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
      },
    ],
    route_config: {
      virtual_hosts: [
        {
          name: 'reviews',
          domains: ['*'],
          routes: [
            {
              match: { prefix: '/' },
              route: {
                cluster: 'reviews',
                timeout: '10s',
                retry_policy: {
                  retry_on: 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes',
                  retriable_status_codes: [503],
                  num_retries: 2,
                },
              },
            },
          ],
        },
      ],
    },
  },
}

function cluster(upstreams: readonly number[]): object {
  return {
    name: 'reviews',
    type: 'STATIC',
    lb_policy: 'ROUND_ROBIN',
    connect_timeout: '10s',
    circuit_breakers: {
      thresholds: [{ max_connections: 1_024, max_pending_requests: 1_024, max_requests: 1_024, max_retries: 1_024 }],
    },
    outlier_detection: {
      consecutive_5xx: 5,
      interval: '10s',
      base_ejection_time: '30s',
      max_ejection_percent: 50,
      success_rate_minimum_hosts: 5,
    },
    load_assignment: {
      cluster_name: 'reviews',
      endpoints: [{ lb_endpoints: upstreams.map((each) => ({ endpoint: { address: address(each) } })) }],
    },
  }
}

function address(port: number): object {
  return { socket_address: { address: '127.0.0.1', port_value: port } }
}
