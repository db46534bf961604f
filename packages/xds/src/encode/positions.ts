// Puts beside every origin where it stands in its text, for clients that have no text. A model whose lines moved is another model;
// one whose lines did not is the same object as the last time.
import type { Cluster, MeshConfig, Origin, Route, VirtualHost } from '@proxyless/core/spi'

type Locate = NonNullable<MeshConfig['locate']>

interface Known<T> {
  /** Of all its origins. */
  readonly lines: string
  readonly located: T
}

export class Positions {
  readonly #hosts = new WeakMap<VirtualHost, Known<VirtualHost>>()
  readonly #clusters = new WeakMap<Cluster, Known<Cluster>>()

  locate(config: MeshConfig): MeshConfig {
    const { locate } = config
    if (locate === undefined) return config
    const hosts = config.virtualHosts.map((host) => remembered(this.#hosts, host, locate, locatedHost))
    const clusters = [...config.clusters].map(
      ([name, cluster]) => [name, remembered(this.#clusters, cluster, locate, locatedCluster)] as const,
    )
    return { ...config, virtualHosts: hosts, clusters: new Map(clusters) }
  }
}

function remembered<T extends object>(
  known: WeakMap<T, Known<T>>,
  model: T,
  locate: Locate,
  make: (model: T, placed: Placed) => T,
): T {
  const placed = new Placed(locate)
  const located = make(model, placed)
  const before = known.get(model)
  if (before?.lines === placed.lines) return before.located
  known.set(model, { lines: placed.lines, located })
  return located
}

class Placed {
  lines = ''
  readonly #locate: Locate

  constructor(locate: Locate) {
    this.#locate = locate
  }

  readonly origin = (origin: Origin): Origin => {
    const position = this.#locate(origin)
    this.lines += position === undefined ? ' -' : ` ${position.line}:${position.column}`
    return position === undefined ? origin : { ...origin, position }
  }

  origins(origins: Readonly<Record<string, Origin>>): Record<string, Origin> {
    return Object.fromEntries(Object.entries(origins).map(([part, each]) => [part, this.origin(each)]))
  }
}

function locatedHost(host: VirtualHost, placed: Placed): VirtualHost {
  return {
    ...host,
    origin: placed.origin(host.origin),
    routes: host.routes.map((route) => locatedRoute(route, placed)),
  }
}

function locatedRoute(route: Route, placed: Placed): Route {
  return { ...route, origin: placed.origin(route.origin), origins: placed.origins(route.origins) }
}

function locatedCluster(cluster: Cluster, placed: Placed): Cluster {
  return { ...cluster, origin: placed.origin(cluster.origin), origins: placed.origins(cluster.origins) }
}
