// The names under which callers may address a service.
import type { MeshService } from '../registry/service.ts'

/** `aliases`: hosts that are other names of the service; `client`: the namespace in which a short name stands for it. */
export function domainsOf(service: MeshService, aliases: readonly string[], client: string, domain: string): string[] {
  const names = [service.host, ...aliases].flatMap((host) => namesOf(host, client, domain))
  return [...names, ...service.addresses.map((address) => (address.includes(':') ? `[${address}]` : address))]
}

/** Names of the single pods of a headless service. */
export function podDomainsOf(service: MeshService, client: string, domain: string): string[] {
  return namesOf(service.host, client, domain).map((name) => `*.${name}`)
}

function namesOf(host: string, client: string, domain: string): string[] {
  if (host.startsWith('*')) return [host]
  const suffix = `.svc.${domain}`
  if (!host.endsWith(suffix)) return [host, `${host}.`]
  const short = host.slice(0, -suffix.length)
  const names = [host, `${host}.`, `${short}.svc`, short]
  if (short.endsWith(`.${client}`)) names.push(short.slice(0, -client.length - 1))
  return names
}
