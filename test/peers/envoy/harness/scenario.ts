// A scenario: a configuration, and what is asked of it on both sides. Plain data with defaults; stage.ts plays it.
import type { Cluster, Endpoint, MeshConfig, Route, VirtualHost } from '@proxyless/core/spi'
import type { Answer } from '../../../kit/backend.ts'
import type { RawServer } from './raw-server.ts'
import type { Arrival } from './outcome.ts'
import type { Side } from './side.ts'

export interface Ask {
  readonly method?: string
  /** As it goes on the wire. Default `/`. */
  readonly path?: string
  /** The Host header. Default `svc.test`. */
  readonly host?: string
  /** The URL's port. Default 80. */
  readonly port?: number
  /** Names and values in turn. */
  readonly headers?: readonly string[]
  readonly body?: string | AsyncIterable<string>
  /** The caller gives up after so long. */
  readonly abortAfterMs?: number
  /** What the backends answer, in the order the requests arrive; then 200. */
  readonly answers?: Answers
}

export type Answers = readonly Answer[] | ((arrival: Arrival, n: number) => Answer | undefined)

/** An endpoint by the name of its backend; `down` and `down2` refuse connections. */
export type At = (backend: string, more?: Partial<Endpoint>) => Endpoint

export interface Given {
  /** For the host `svc.test`. */
  readonly routes?: readonly Route[]
  readonly hosts?: readonly VirtualHost[]
  /** Beside `a` to `f`, each one backend, and `down`. */
  readonly clusters?: (at: At) => readonly Cluster[]
  readonly config?: Partial<Pick<MeshConfig, 'pathNormalization' | 'unknownHosts'>>
  /** Istio documents instead of all of the above; `port` tells a backend's. */
  readonly documents?: (port: (backend: string) => number) => string
  readonly trusting?: boolean
  /** Backends of its own. */
  readonly servers?: Readonly<Record<string, RawServer | 'http1' | 'http2'>>
  /** One after the other; a string is the path of a GET. */
  readonly asks?: readonly (string | Ask)[]
  /** For every ask that has none of its own. */
  readonly answers?: Answers
  /** Instead of `asks`; what it gives is compared. */
  readonly play?: (side: Side) => Promise<unknown>
  /** Instead of equality: complaints, if there are any. */
  readonly compare?: (ours: unknown, envoys: unknown) => string[]
}

export interface Scenario extends Given {
  /** Opens with the section of SEMANTICS, or ids of cases. */
  readonly says: string
}

export function scenario(says: string, given: Given): Scenario {
  return { says, ...given }
}
