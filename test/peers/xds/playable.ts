// A configuration as a real Envoy on this machine can put it in force: it listens, reads files, looks up names and checks health at once,
// and tells nothing of new clusters until all that is done.
import type { Cluster, Discovery, HealthCheck, MeshConfig, UpstreamTls } from '@proxyless/core/spi'
import type { Certificates } from '../../kit/certificates.ts'

export function playable(config: MeshConfig, certificates: Certificates | undefined): MeshConfig {
  const clusters = [...config.clusters].map(([name, cluster]): [string, Cluster] => [
    name,
    clusterOf(cluster, certificates),
  ])
  // ports that nobody else has, and that need no privilege
  const virtualHosts = config.virtualHosts.map((host) => ({ ...host, port: 20_000 + ((host.port ?? 81) % 10_000) }))
  return { ...config, virtualHosts, clusters: new Map(clusters) }
}

function clusterOf(cluster: Cluster, certificates: Certificates | undefined): Cluster {
  const { tls, tlsMatches, healthCheck, drops, discovery } = cluster
  const filed = (given: UpstreamTls): UpstreamTls => withFiles(given, certificates)
  return {
    ...cluster,
    discovery: withNames(discovery),
    ...(tls === undefined ? {} : { tls: filed(tls) }),
    ...(tlsMatches === undefined
      ? {}
      : { tlsMatches: tlsMatches.map((each) => (each.tls === undefined ? each : { ...each, tls: filed(each.tls) })) }),
    ...(healthCheck === undefined ? {} : { healthCheck: quick(healthCheck) }),
    // Envoy drops by one category only, and asks by gRPC over HTTP/2 only
    ...(drops === undefined ? {} : { drops: drops.slice(0, 1) }),
    ...(healthCheck?.kind === 'grpc' ? { protocol: 'http2' } : {}),
  }
}

function withFiles(tls: UpstreamTls, certificates: Certificates | undefined): UpstreamTls {
  const { caFile = '', clientCertFile = '', clientKeyFile = '' } = certificates ?? {}
  return {
    ...tls,
    ...(tls.caFile === undefined ? {} : { caFile }),
    ...(tls.certificateFile === undefined ? {} : { certificateFile: clientCertFile, privateKeyFile: clientKeyFile }),
  }
}

function withNames(discovery: Discovery): Discovery {
  if (discovery.kind !== 'strictDns' && discovery.kind !== 'logicalDns') return discovery
  return { ...discovery, endpoints: discovery.endpoints.map((each) => ({ ...each, address: 'localhost' })) }
}

function quick({ initialJitterMs: _first, intervalJitterMs: _every, ...check }: HealthCheck): HealthCheck {
  return { ...check, timeoutMs: 20 }
}
