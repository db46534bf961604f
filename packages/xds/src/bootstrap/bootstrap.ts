// gRPC's bootstrap file (A27 and what came after): which servers, who is asking, where certificates are. Plain data and its parser.
// Unknown fields are ignored at every level; what is wrong is named by its path.
import type { CertificateFiles } from '../decode/reading.ts'
import { Field } from './field.ts'

export interface Bootstrap {
  /** In the order in which they are tried. */
  readonly servers: readonly BootstrapServer[]
  readonly node: BootstrapNode
  readonly certificates: ReadonlyMap<string, CertificateFiles>
  /** For servers of our own: `%s` stands for the address listened on. */
  readonly serverListenerTemplate: string | undefined
  /** `%s` stands for the name that a caller uses. */
  readonly clientListenerTemplate: string
  readonly authorities: ReadonlyMap<string, Authority>
}

export interface BootstrapServer {
  readonly uri: string
  /** In order; the first that is supported is used. */
  readonly credentials: readonly Credentials[]
  readonly features: ReadonlySet<string>
}

export interface Credentials {
  readonly type: string
  readonly caFile?: string
  readonly certificateFile?: string
  readonly privateKeyFile?: string
}

export interface BootstrapNode {
  readonly id: string
  readonly cluster: string
  readonly locality: { readonly region: string; readonly zone: string; readonly subZone: string } | undefined
  readonly metadata: Readonly<Record<string, unknown>> | undefined
}

interface Authority {
  readonly listenerTemplate: string
  /** Empty: the top-level ones. */
  readonly servers: readonly BootstrapServer[]
}

/** @param origin where the text comes from, for messages. @throws TypeError naming origin and field. */
export function parseBootstrap(text: string, origin: string): Bootstrap {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new TypeError(`${origin}: is no JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
  const root = new Field(origin, '', json)
  const servers = root.at('xds_servers').list().map(readServer)
  if (servers.length === 0) root.at('xds_servers').refuse('needs at least one server')
  return {
    servers,
    node: readNode(root.at('node')),
    certificates: new Map(root.at('certificate_providers').entries().flatMap(readProvider)),
    serverListenerTemplate: root.at('server_listener_resource_name_template').text(),
    clientListenerTemplate: root.at('client_default_listener_resource_name_template').text() ?? '%s',
    authorities: new Map(root.at('authorities').entries().map(readAuthority)),
  }
}

function readServer(server: Field): BootstrapServer {
  const credentials = server.at('channel_creds').list().map(readCredentials)
  if (credentials.length === 0) server.at('channel_creds').refuse('needs at least one entry')
  return {
    uri: server.at('server_uri').needed(),
    credentials,
    features: new Set(
      server
        .at('server_features')
        .list()
        .flatMap((feature) => feature.text() ?? []),
    ),
  }
}

function readCredentials(said: Field): Credentials {
  const config = said.at('config')
  const type = said.at('type').needed()
  if (type !== 'tls') return { type }
  const files = readFiles(config)
  if ((files.certificateFile === undefined) !== (files.privateKeyFile === undefined)) {
    config.refuse('certificate_file and private_key_file come together')
  }
  return { type, ...files }
}

function readFiles(config: Field): CertificateFiles {
  const file = <K extends string>(key: K, field: string): { [P in K]?: string } => {
    const value = config.at(field).text()
    return value === undefined ? {} : ({ [key]: value } as { [P in K]: string })
  }
  return {
    ...file('caFile', 'ca_certificate_file'),
    ...file('certificateFile', 'certificate_file'),
    ...file('privateKeyFile', 'private_key_file'),
  }
}

function readNode(node: Field): BootstrapNode {
  const locality = node.at('locality')
  return {
    id: node.at('id').text() ?? '',
    cluster: node.at('cluster').text() ?? '',
    locality: locality.isThere
      ? {
          region: locality.at('region').text() ?? '',
          zone: locality.at('zone').text() ?? '',
          subZone: locality.at('sub_zone').text() ?? '',
        }
      : undefined,
    metadata: node.at('metadata').object(),
  }
}

/** Other plugins than `file_watcher` are left out: what needs them is refused when it comes. */
function readProvider([name, provider]: [string, Field]): [string, CertificateFiles][] {
  if (provider.at('plugin_name').needed() !== 'file_watcher') return []
  return [[name, readFiles(provider.at('config'))]]
}

function readAuthority([name, authority]: [string, Field]): [string, Authority] {
  const field = authority.at('client_listener_resource_name_template')
  const template = field.text() ?? `xdstp://${name}/envoy.config.listener.v3.Listener/%s`
  if (!template.startsWith(`xdstp://${name}/`)) field.refuse(`must begin with xdstp://${name}/`)
  return [name, { listenerTemplate: template, servers: authority.at('xds_servers').list().map(readServer) }]
}
