// The service that a cluster is of. Istio's names of clusters hold port, label set and host; where a name does not, it stands beside.
import type { Cluster } from '@proxyless/core/spi'
import { numberIn, objectIn, type Own, textIn } from './metadata.ts'

type Service = Cluster['service']

/** By the cluster's name: `outbound|9080|v1|reviews`. */
export function serviceOf(name: string): Service {
  const [, port = '', variant = '', host = ''] = /^outbound\|(\d+)\|([^|]*)\|(.+)$/.exec(name) ?? []
  if (host === '') return { host: name, port: 0 }
  return { host, port: Number(port), ...(variant === '' ? {} : { variant }) }
}

export function writeService(name: string, { host, port, variant, namespace }: Service): Own {
  const named = serviceOf(name)
  const same = named.host === host && named.port === port && named.variant === variant
  if (same && namespace === undefined) return {}
  return {
    service: {
      host,
      port,
      ...(variant === undefined ? {} : { variant }),
      ...(namespace === undefined ? {} : { namespace }),
    },
  }
}

export function readService(own: Own | undefined): Service | undefined {
  const said = objectIn(own, 'service')
  const host = textIn(said, 'host')
  const port = numberIn(said, 'port')
  const variant = textIn(said, 'variant')
  const namespace = textIn(said, 'namespace')
  if (host === undefined || port === undefined) return undefined
  return {
    host,
    port,
    ...(variant === undefined ? {} : { variant }),
    ...(namespace === undefined ? {} : { namespace }),
  }
}
