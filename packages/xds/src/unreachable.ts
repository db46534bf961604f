// What people are told when no server answers: before the first configuration, and later.
import type { Problem } from '@proxyless/core/spi'
import type { XdsSettings } from './options.ts'

/** For people. */
export function serverNames({ servers }: XdsSettings): string {
  return servers.map(({ uri }) => uri).join(', ')
}

/** @param waiting for what the first configuration waits; undefined: there is one */
export function unreachable(
  settings: XdsSettings,
  troubles: readonly string[],
  waiting: readonly string[] | undefined,
): Problem {
  const { node, startTimeoutMs } = settings
  const server = serverNames(settings)
  const last = troubles.join('; ') || 'none'
  const missing = waiting && [...waiting.slice(0, 5), ...(waiting.length > 5 ? ['...'] : [])].join(', ')
  return {
    code: 'XDS_UNREACHABLE',
    severity: 'error',
    outcome: missing === undefined ? 'kept' : 'void',
    resource: `xDS server ${server}`,
    path: '',
    message:
      missing === undefined
        ? `${last} (node ${node.id}); the last configuration stays in force`
        : `no configuration within ${startTimeoutMs / 1000} s; waiting for ${missing} (node ${node.id}, last error: ${last})`,
    source: server,
  }
}
