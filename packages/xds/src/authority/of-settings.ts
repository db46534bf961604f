// The servers and authorities that the settings name, opened.
import type { BootstrapServer } from '../bootstrap/bootstrap.ts'
import type { ReadDocument } from '../decode/decoder.ts'
import type { XdsSettings } from '../options.ts'
import { serverOf } from '../server-lease.ts'
import type { Watcher } from '../stream/ads-client.ts'
import type { XdsHost } from '../xds-source.ts'
import { Authorities } from './authorities.ts'
import type { Server } from './authority.ts'

/** @param documentsOf for `dialect: documents`: what reads those of a server */
export function openAuthorities(
  settings: XdsSettings,
  host: XdsHost,
  watcher: Watcher,
  documentsOf?: (server: string) => ReadDocument,
): Authorities {
  const { servers, bootstrap } = settings
  const own = (list: readonly BootstrapServer[]): Server[] =>
    list.map((server) => serverOf(server, settings, host, documentsOf))
  return new Authorities({
    servers: own(servers),
    named: new Map(
      [...bootstrap.authorities].map(([name, { servers: its }]) => [name, own(its.length === 0 ? servers : its)]),
    ),
    watcher,
  })
}
