// A grpc-go server with xDS credentials: go-control-plane tells it how it is to be secured, files are those of its bootstrap.
import { createServer } from 'node:net'
import type { Certificates } from '../../../kit/certificates.ts'
import type { Stage } from './stage.ts'
import type { TestServer } from './test-server.ts'

export type Security = 'mtls' | 'tls' | 'plaintext'

const any = (type: string, value: object = {}): object => ({
  '@type': `type.googleapis.com/envoy.extensions.${type}`,
  ...value,
})
const instance = { instance_name: 'default' }

export async function secureServer(
  stage: Stage,
  name: string,
  security: Security,
  { caFile, serverCertFile, serverKeyFile }: Certificates,
): Promise<TestServer> {
  const plane = await stage.common.goPlane
  const node = `${stage.node}-server`
  const port = await freePort()
  await plane.say(node, { listeners: [listenerOf(port, security)] })
  const bootstrap = {
    xds_servers: [{ server_uri: `127.0.0.1:${plane.port}`, channel_creds: [{ type: 'insecure' }] }],
    node: { id: node },
    certificate_providers: fileWatcher(caFile, serverCertFile, serverKeyFile),
    server_listener_resource_name_template: 'server/%s',
  }
  return stage.server(name, {
    flags: ['-secure_mode', '-port', String(port)],
    // it tells its state as an error
    env: { GRPC_XDS_BOOTSTRAP_CONFIG: JSON.stringify(bootstrap), GRPC_GO_LOG_SEVERITY_LEVEL: 'none' },
  })
}

/** Of a bootstrap. */
export function fileWatcher(
  ca_certificate_file: string,
  certificate_file: string,
  private_key_file: string,
): Readonly<Record<string, object>> {
  const config = { ca_certificate_file, certificate_file, private_key_file, refresh_interval: '600s' }
  return { default: { plugin_name: 'file_watcher', config } }
}

function listenerOf(port: number, security: Security): object {
  const routes = [{ match: { prefix: '' }, non_forwarding_action: {} }]
  const manager = any('filters.network.http_connection_manager.v3.HttpConnectionManager', {
    stat_prefix: 'x',
    route_config: { name: 'inbound', virtual_hosts: [{ name: 'all', domains: ['*'], routes }] },
    http_filters: [{ name: 'router', typed_config: any('filters.http.router.v3.Router') }],
  })
  const context = any('transport_sockets.tls.v3.DownstreamTlsContext', {
    common_tls_context: {
      tls_certificate_provider_instance: instance,
      ...(security === 'mtls' ? { validation_context: { ca_certificate_provider_instance: instance } } : {}),
    },
    require_client_certificate: security === 'mtls',
  })
  const socket = { transport_socket: { name: 'envoy.transport_sockets.tls', typed_config: context } }
  return {
    name: `server/127.0.0.1:${port}`,
    address: { socket_address: { address: '127.0.0.1', port_value: port } },
    filter_chains: [
      { name: 'all', filters: [{ name: 'http', typed_config: manager }], ...(security === 'plaintext' ? {} : socket) },
    ],
  }
}

/** The server has to say its port before it listens. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
