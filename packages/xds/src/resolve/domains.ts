// Domains of virtual hosts: which of them a name belongs to, and the port that may stand in them.

export interface Domain {
  readonly host: string
  readonly port: number | undefined
}

/** `reviews:9080`, `*.example:80`, `[::1]:80`; without a port all of it is the host. */
export function splitDomain(domain: string): Domain {
  const [, host = '', port = ''] = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(domain) ?? []
  return host === '' ? { host: domain, port: undefined } : { host, port: Number(port) }
}

/** The virtual host for a name (A28): exact before suffix before prefix before all, the longest first. */
export function hostFor<H extends { readonly domains: readonly string[] }>(
  hosts: readonly H[],
  name: string,
): H | undefined {
  let best: H | undefined
  let bestRank = -1
  for (const host of hosts) {
    for (const domain of host.domains) {
      const rank = rankOf(domain, name)
      if (rank > bestRank) {
        best = host
        bestRank = rank
      }
    }
  }
  return best
}

const step = 1e6

function rankOf(domain: string, name: string): number {
  if (domain === name) return 3 * step
  if (domain === '*') return 0
  if (domain.startsWith('*') && name.endsWith(domain.slice(1)) && name.length >= domain.length) {
    return 2 * step + domain.length
  }
  if (domain.endsWith('*') && name.startsWith(domain.slice(0, -1)) && name.length >= domain.length) {
    return step + domain.length
  }
  return -1
}
