// Host names to addresses as the operating system sees them (hosts file, search domains, order), with the lifetime that DNS tells.
// Called by the engine's DNS clusters; keeps nothing, they remember.
import { Resolver as DnsResolver, lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Resolver } from '@proxyless/core/spi'

/** The parts of node:dns used here. */
export interface Dns {
  lookup(hostname: string): Promise<readonly { readonly address: string }[]>
  /** Records with their time to live in seconds; rejects when there are none. */
  resolve4(hostname: string): Promise<readonly TimedAddress[]>
  resolve6(hostname: string): Promise<readonly TimedAddress[]>
}

interface TimedAddress {
  readonly address: string
  readonly ttl: number
}

/** Where DNS tells nothing, for example of names in the hosts file. */
const unknownTtlMs = 60_000
const shortestTtlMs = 1_000

export function processResolver(dns: Dns = nodeDns()): Resolver {
  return { resolve: (hostname) => resolve(dns, hostname) }
}

async function resolve(dns: Dns, hostname: string): Promise<{ addresses: string[]; ttlMs: number }> {
  if (isIP(hostname) !== 0) return { addresses: [hostname], ttlMs: unknownTtlMs }
  const [found, ...records] = await Promise.all([
    dns.lookup(hostname),
    dns.resolve4(hostname).catch(() => []),
    dns.resolve6(hostname).catch(() => []),
  ])
  const addresses = [...new Set(found.map(({ address }) => address))]
  return { addresses, ttlMs: ttlOf(addresses, records.flat()) }
}

/** The shortest lifetime of the addresses, when DNS knows every one of them. */
function ttlOf(addresses: readonly string[], records: readonly TimedAddress[]): number {
  const ttls = addresses.map((address) => records.find((record) => record.address === address)?.ttl)
  if (ttls.length === 0 || ttls.includes(undefined)) return unknownTtlMs
  return Math.max(shortestTtlMs, Math.min(...ttls.map((ttl) => (ttl ?? 0) * 1000)))
}

function nodeDns(): Dns {
  // a silent server must not hold up what the operating system has answered already
  const resolver = new DnsResolver({ timeout: 1_000, tries: 1 })
  return {
    // without an own order: as dns.getDefaultResultOrder() says
    lookup: (hostname) => lookup(hostname, { all: true }),
    resolve4: (hostname) => resolver.resolve4(hostname, { ttl: true }),
    resolve6: (hostname) => resolver.resolve6(hostname, { ttl: true }),
  }
}
