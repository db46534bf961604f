// The names under which callers may address a service.
import type { MeshService } from '../registry/service.ts'

/** `client`: the caller's namespace, in which the short name stands for the service. */
export function domainsOf(service: MeshService, client: string, domain: string): string[] {
  const names = namesOf(service, client, domain)
  return [...names, ...service.addresses.map((address) => (address.includes(':') ? `[${address}]` : address))]
}

/** Names of the single pods of a headless service. */
export function podDomainsOf(service: MeshService, client: string, domain: string): string[] {
  return namesOf(service, client, domain).map((name) => `*.${name}`)
}

function namesOf({ host }: MeshService, client: string, domain: string): string[] {
  if (host.startsWith('*')) return [host]
  const suffix = `.svc.${domain}`
  if (!host.endsWith(suffix)) return [host, `${host}.`]
  const short = host.slice(0, -suffix.length)
  const names = [host, `${host}.`, `${short}.svc`, short]
  if (short.endsWith(`.${client}`)) names.push(short.slice(0, -client.length - 1))
  return names
}
