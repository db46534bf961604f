// Files of certificates for this mesh's own clients, where the fields name a provider (gRPC) or cannot say it. Both directions.
import type { UpstreamTls } from '@proxyless/core/spi'
import { listIn, objectIn, type Own, textIn } from './metadata.ts'

export function writeOwnTls(tls: UpstreamTls): Own {
  const { caFile, certificateFile, privateKeyFile, subjectAltNames, verify } = tls
  return {
    tls: {
      ...(caFile === undefined ? {} : { caFile }),
      ...(certificateFile === undefined ? {} : { certificateFile }),
      ...(privateKeyFile === undefined ? {} : { privateKeyFile }),
      subjectAltNames,
      verify,
    },
  }
}

/** All but the server's name. */
export function readOwnTls(own: Own | undefined): UpstreamTls | undefined {
  const said = objectIn(own, 'tls')
  const names = listIn(said, 'subjectAltNames')
  if (names === undefined || !names.every((name) => typeof name === 'string')) return undefined
  const text = <K extends string>(key: K): { [P in K]?: string } => {
    const value = textIn(said, key)
    return value === undefined ? {} : ({ [key]: value } as { [P in K]: string })
  }
  return {
    ...text('caFile'),
    ...text('certificateFile'),
    ...text('privateKeyFile'),
    subjectAltNames: names,
    // only what was plainly said is not verified
    verify: said?.['verify'] !== false,
  }
}
