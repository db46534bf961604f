// What "comes back as it was" means. Versions and problems are the client's own, and text is not sent, so lines are not found.
import { type Cluster, HostTable, type MeshConfig, type VirtualHost } from '@proxyless/core/spi'
import { expect } from 'vitest'
import { roundTrip } from './round-trip.ts'

export async function expectSidecarReturns(config: MeshConfig): Promise<void> {
  const { config: back, refusals } = await roundTrip(config, 'sidecar')
  expect(refusals).toEqual([])
  expect(said(back)).toEqual(said(config))
}

/** For every name that callers may use: its routes, and the clusters that these lead to. */
export async function expectApiReturns(config: MeshConfig): Promise<void> {
  const names = namesOf(config)
  const { config: back, refusals } = await roundTrip(config, 'api', [...names.keys()])
  expect(refusals).toEqual([])
  const hosts = [...names].map(([name, { name: own, routes, origin }]) => {
    const [, host = name, port] = /^(.*):(\d+)$/.exec(name) ?? []
    return { name: own, domains: [host], ...(port === undefined ? {} : { port: Number(port) }), routes, origin }
  })
  const called = clustersOf([...names.values()])
  const clusters = new Map([...config.clusters].filter(([name]) => called.has(name)))
  const rest = hosts.length === 0 ? {} : said(config)
  expect(said(back)).toEqual({ ...said(back), ...rest, virtualHosts: byPort(hosts), clusters: plain(clusters) })
}

type Said = Omit<MeshConfig, 'version' | 'problems' | 'locate'>

/** An order of hosts means something only among those that claim one domain: claims are settled, then hosts sorted by port. */
function said({ virtualHosts, clusters, unknownHosts, pathNormalization }: MeshConfig): Said {
  return { virtualHosts: byPort(settled(virtualHosts)), clusters: plain(clusters), unknownHosts, pathNormalization }
}

/** In whatever map they come. Which endpoints of an aperture a process keeps to is its own matter. */
function plain(clusters: MeshConfig['clusters']): MeshConfig['clusters'] {
  const seedless = (cluster: Cluster): Cluster =>
    cluster.aperture === undefined ? cluster : { ...cluster, aperture: { ...cluster.aperture, seed: 0 } }
  return new Map([...clusters].map(([name, cluster]) => [name, seedless(cluster)]))
}

function byPort(hosts: readonly VirtualHost[]): VirtualHost[] {
  return hosts.toSorted(({ port: a = Infinity }, { port: b = Infinity }) => (a < b ? -1 : a > b ? 1 : 0))
}

function settled(hosts: readonly VirtualHost[]): VirtualHost[] {
  const claimed = new Set<string>()
  return hosts.flatMap((host) => {
    const claims = (port: number | undefined, domain: string): string => `${port ?? 'every'} ${domain}`
    const domains = host.domains.filter(
      (domain) => !claimed.has(claims(host.port, domain)) && !claimed.has(claims(undefined, domain)),
    )
    for (const domain of domains) claimed.add(claims(host.port, domain))
    return domains.length === 0 ? [] : [{ ...host, domains }]
  })
}

/** Names with the hosts that they belong to; for wildcards, and for hosts on every port, one of many. */
function namesOf({ virtualHosts }: MeshConfig): Map<string, VirtualHost> {
  const table = new HostTable(virtualHosts.map((value) => ({ ...value, value })))
  const names = new Map<string, VirtualHost>()
  for (const { domains, port = 8123 } of virtualHosts) {
    for (const domain of domains) {
      const name = domain.replace('*', 'any')
      // a trailing dot is no part of a name
      const host = name.endsWith('.') ? undefined : table.find(name, port)
      if (host !== undefined) names.set(`${name}:${port}`, host)
    }
  }
  return names
}

function clustersOf(hosts: readonly VirtualHost[]): Set<string> {
  const actions = hosts.flatMap(({ routes }) => routes.map(({ action }) => action))
  return new Set(
    actions.flatMap((action) =>
      action.kind === 'forward' ? [...action.clusters, ...action.mirrors].map(({ cluster }) => cluster) : [],
    ),
  )
}
