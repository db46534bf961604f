// grpc-go takes every virtual host that the encoder makes in the api dialect, with all clusters that its routes name:
// of the table, of the seeds, and generated ones.
import type { MeshConfig, UpstreamTls, VirtualHost } from '@proxyless/core/spi'
import { createEncoder, type EncodedConfig } from '@proxyless/xds'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { conformanceConfigurations } from '../../conformance/configurations.ts'
import { configArb } from '../../xds/arbitrary-configs.ts'
import { configurationOf, documents } from '../../xds/documents.ts'
import { GoProgram, goPrograms } from '../grpc-go/programs.ts'
import { Trial } from './trial.ts'

const programs = await goPrograms()
const target = 'trial:1'

describe.skipIf(programs === undefined)('grpc-go', () => {
  let trial: Trial
  let client: GoProgram
  const seen = new Set<string>()
  const encoder = createEncoder({ dialect: 'api' })

  beforeAll(async () => {
    const [first] = [...documents]
    const config = await configurationOf(...first!)
    trial = await Trial.start(encoder.encode(alone(config, config.virtualHosts[0]!)))
    const files = { ca_certificate_file: '/ca.pem', certificate_file: '/cert.pem', private_key_file: '/key.pem' }
    const bootstrap = {
      xds_servers: [{ server_uri: trial.address, channel_creds: [{ type: 'insecure' }], server_features: ['xds_v3'] }],
      node: { id: 'trial' },
      certificate_providers: { default: { plugin_name: 'file_watcher', config: files } },
    }
    const args = ['-server', `xds:///${target}`, '-qps', '1']
    client = await GoProgram.start(programs!.xclient, args, { GRPC_XDS_BOOTSTRAP_CONFIG: JSON.stringify(bootstrap) })
  }, 600_000)

  afterAll(async () => {
    await client?.stop()
    await trial?.close()
  })

  /** Of all hosts of a configuration; what was tried once is not tried again. */
  async function refusals(config: MeshConfig): Promise<string[]> {
    const found: string[] = []
    for (const host of config.virtualHosts) {
      const encoded = encoder.encode(alone(config, host))
      const versions = [...encoded.route.values(), ...encoded.cluster.values()].map(({ version }) => version).join()
      if (seen.has(versions)) continue
      seen.add(versions)
      found.push(...(await trial.put(encoded, (asked) => isAsked(asked, encoded, clustersOf(host)))))
    }
    return found
  }

  test('takes the configurations of the table', { timeout: 240_000 }, async () => {
    for (const [id, config] of await conformanceConfigurations()) {
      expect([id, ...(await refusals(config))]).toEqual([id])
    }
  })

  test('takes those of the seeds and of Bookinfo', { timeout: 240_000 }, async () => {
    for (const [name, parts] of documents) {
      expect([name, ...(await refusals(await configurationOf(name, parts)))]).toEqual([name])
    }
  })

  test('takes what is generated', { timeout: 240_000 }, () =>
    fc.assert(
      fc.asyncProperty(configArb, async (config) => {
        expect(await refusals(config)).toEqual([])
      }),
      { numRuns: 60, endOnFailure: true },
    ),
  )
})

/** The host under the one name that the client calls; gRPC's own roots stand for the system's, which it asks a switch for (A82). */
function alone(config: MeshConfig, host: VirtualHost): MeshConfig {
  const clusters = [...config.clusters.values()].map((cluster) => {
    const { tls, tlsMatches } = cluster
    const own = tls && { tls: rooted(tls) }
    const matches = tlsMatches && {
      tlsMatches: tlsMatches.map((match) => ({ ...match, ...(match.tls && { tls: rooted(match.tls) }) })),
    }
    return [cluster.name, { ...cluster, ...own, ...matches }] as const
  })
  return { ...config, virtualHosts: [{ ...host, domains: ['trial'], port: 1 }], clusters: new Map(clusters) }
}

function rooted(tls: UpstreamTls): UpstreamTls {
  return { ...tls, caFile: tls.caFile ?? '/ca.pem' }
}

/** Routes with conditions that gRPC does not know are no routes to it. */
function clustersOf({ routes }: VirtualHost): string[] {
  return routes.flatMap(({ match, action }) =>
    action.kind === 'forward' && match.queryParameters.length === 0
      ? action.clusters.map(({ cluster }) => cluster)
      : [],
  )
}

function isAsked(
  asked: ReadonlyMap<string, ReadonlySet<string>>,
  encoded: EncodedConfig,
  clusters: readonly string[],
): boolean {
  const has = (kind: string, name: string): boolean => asked.get(kind)?.has(name) === true
  return (
    [...encoded.route.keys()].every((name) => has('route', name)) &&
    clusters.every((name) => has('cluster', name) && (!encoded.endpoints.has(name) || has('endpoints', name)))
  )
}
