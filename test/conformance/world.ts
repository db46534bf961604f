// Fixture F of SEMANTICS appendix A: its services as real servers, a mesh on virtual time, and calls that tell what happened.
// Virtual time runs a millisecond per turn of the event loop while a call is under way.
import type { Problem } from '@proxyless/core'
import { SeededRandom, VirtualClock } from '@proxyless/core/spi'
import { createMesh, type CallRecord, type CreateMeshOptions, type Mesh } from 'proxyless'
import { type Answer, type Backend, type Received, startBackend } from '../kit/backend.ts'

/** What a call came to. */
export interface Outcome {
  readonly status: number
  readonly body: string
  readonly headers: Headers
  /** Envoy's flags as an observer hears them. */
  readonly flags: string
  /** Name of the backend of the last attempt; empty when none was reached. */
  readonly served: string
  readonly attempts: number
  readonly record: CallRecord
  /** The last request any backend received. */
  readonly received: Received | undefined
}

export interface CallInit {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>> | readonly (readonly [string, string])[]
  readonly body?: string
}

const services: Readonly<Record<string, string>> = {
  e1: 'v1',
  e2: 'v2',
  e3: 'v3',
  ratings: 'v1',
  multi80: 'v1',
  multi8080: 'v1',
  other: 'v1',
  a: 'v1',
  b: 'v1',
}

export class World {
  readonly clock: VirtualClock = new VirtualClock(1_000)
  readonly backends = new Map<string, Backend>()
  readonly ejected: string[] = []
  /** All that was put in force. */
  readonly configured: CreateMeshOptions[] = []
  /** Every request that reached a backend, with the backend's name. */
  readonly arrivals: { readonly at: number; readonly backend: string; readonly request: Received }[] = []
  #mesh: Mesh | undefined
  #lastRecord: CallRecord | undefined
  readonly #answers = new Map<string, (request: Received) => Answer | Promise<Answer>>()

  static async start(): Promise<World> {
    const world = new this()
    for (const name of Object.keys(services)) {
      const handler = (request: Received): Answer | Promise<Answer> => {
        world.arrivals.push({ at: world.clock.now(), backend: name, request })
        return world.#answers.get(name)?.(request) ?? { body: name }
      }
      world.backends.set(name, await startBackend({ name, handler }))
    }
    return world
  }

  get mesh(): Mesh {
    if (this.#mesh === undefined) throw new Error('the case has configured no mesh')
    return this.#mesh
  }

  /** Puts documents in force, beside the registry of the fixture. */
  async configure(documents: string, options: Partial<CreateMeshOptions> = {}): Promise<readonly Problem[]> {
    await this.#mesh?.close()
    const configured: CreateMeshOptions = {
      config: [this.registry(), documents],
      workload: { namespace: 'bookinfo', labels: { app: 'c' } },
      clock: this.clock,
      random: new SeededRandom(7),
      observer: {
        callEnded: (call) => {
          this.#lastRecord = call
        },
        endpointEjected: ({ endpoint }) => this.ejected.push(this.nameOf(endpoint)),
      },
      ...options,
    }
    this.configured.push(configured)
    this.#mesh = await createMesh(configured)
    return this.#mesh.status().problems
  }

  /** What a backend does from now on. */
  answer(name: string, answer: Answer | ((request: Received) => Answer | Promise<Answer>)): void {
    this.#answers.set(name, typeof answer === 'function' ? answer : () => answer)
  }

  /** Resolves once this much virtual time has passed. */
  elapsed(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.clock.setTimer(ms, resolve)
    })
  }

  /** Stops a backend: connections to it are refused. */
  async stop(name: string): Promise<void> {
    await this.backend(name).close()
  }

  backend(name: string): Backend {
    const backend = this.backends.get(name)
    if (backend === undefined) throw new Error(`the fixture has no backend ${name}`)
    return backend
  }

  async get(url: string, headers: CallInit['headers'] = {}): Promise<Outcome> {
    return this.call(url, { headers })
  }

  async call(url: string, init: CallInit = {}): Promise<Outcome> {
    this.#lastRecord = undefined
    const before = this.arrivals.length
    const response = await this.flow(
      this.mesh.fetch(url, { ...init, headers: init.headers as Record<string, string>, redirect: 'manual' }),
    )
    const body = await this.flow(response.text())
    const record = this.#lastRecord as CallRecord | undefined
    if (record === undefined) throw new Error('no record of the call')
    const last = this.arrivals.length > before ? this.arrivals.at(-1) : undefined
    return {
      status: response.status,
      body,
      headers: response.headers,
      flags: record.flags,
      served: record.endpoint === '' ? '' : this.nameOf(record.endpoint),
      attempts: record.attempts,
      record,
      received: last?.request,
    }
  }

  /** Lets virtual time run until a promise is settled. */
  async flow<T>(promise: Promise<T>): Promise<T> {
    let settled = false
    const watched = (async (): Promise<T> => {
      try {
        return await promise
      } finally {
        settled = true
      }
    })()
    // its failure is heard below, after the loop
    watched.catch(() => undefined)
    while (!settled) {
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
      if (!settled) this.clock.advance(1)
    }
    return watched
  }

  /** Lets real events happen while virtual time stands still. */
  async quiet(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) {
      await new Promise((resolve) => {
        setImmediate(resolve)
      })
    }
  }

  /** How often each backend served, over so many calls. */
  async spread(count: number, url: string, headers: CallInit['headers'] = {}): Promise<Record<string, number>> {
    const counts: Record<string, number> = {}
    for (let i = 0; i < count; i += 20) {
      await Promise.all(
        Array.from({ length: Math.min(20, count - i) }, async () => {
          const response = await this.flow(this.mesh.fetch(url, { headers: headers as Record<string, string> }))
          const name = response.headers.get('x-backend') ?? 'none'
          await response.text()
          counts[name] = (counts[name] ?? 0) + 1
        }),
      )
    }
    return counts
  }

  nameOf(endpoint: string): string {
    for (const [name, backend] of this.backends) if (backend.authority === endpoint) return name
    return endpoint
  }

  async close(): Promise<void> {
    await this.#mesh?.close()
    for (const backend of this.backends.values()) await backend.close()
  }

  /** The services of the fixture as documents. */
  registry(): string {
    const port = (name: string): number => this.backend(name).port
    const endpoint = (name: string): string =>
      `  - address: 127.0.0.1\n    ports: {http: ${port(name)}}\n    labels: {app: x, version: ${services[name] ?? 'v1'}}\n`
    const service = (host: string, namespace: string, ports: string, endpoints: string): string =>
      `apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: ${host.split('.')[0] ?? host}, namespace: ${namespace}}\n` +
      `spec:\n  hosts: [${host}]\n  location: MESH_INTERNAL\n  resolution: STATIC\n  ports: [${ports}]\n  endpoints:\n${endpoints}`
    const http = (number: number): string => `{number: ${number}, name: http, protocol: HTTP}`
    return [
      service('reviews.bookinfo.svc.cluster.local', 'bookinfo', http(9080), ['e1', 'e2', 'e3'].map(endpoint).join('')),
      service('ratings.bookinfo.svc.cluster.local', 'bookinfo', http(9080), endpoint('ratings')),
      service(
        'multi.bookinfo.svc.cluster.local',
        'bookinfo',
        `${http(80)}, {number: 8080, name: alt, protocol: HTTP}`,
        `  - address: 127.0.0.1\n    ports: {http: ${port('multi80')}, alt: ${port('multi8080')}}\n`,
      ),
      service('other.other.svc.cluster.local', 'other', http(80), endpoint('other')),
      service('a.svcns.svc.cluster.local', 'svcns', http(80), endpoint('a')),
      service('b.svcns.svc.cluster.local', 'svcns', http(80), endpoint('b')),
      destinationRule('reviews', versions),
    ].join('---\n')
  }
}

const versions = `  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}}
  - {name: v3, labels: {version: v3}}
`

/** A DestinationRule of the fixture's namespace; `spec` is YAML indented by two. */
export function destinationRule(host: string, spec: string, name = host): string {
  return `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: ${name}, namespace: bookinfo}\nspec:\n  host: ${host}\n${spec}`
}

/** The fixture's rule for reviews with a policy beside its subsets. */
export function reviewsPolicy(policy: string): string {
  return destinationRule('reviews', `${versions}  trafficPolicy:\n${policy}`)
}

/** A VirtualService; `http` is YAML indented by two. */
export function virtualService(host: string, http: string, name = host, more = ''): string {
  return `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: ${name}, namespace: bookinfo}\nspec:\n  hosts: ["${host}"]\n${more}  http:\n${http}`
}

/** A route entry to one destination: `- <rest>` with the destination appended. */
export function to(destination: string, rest = ''): string {
  const [host = '', subset] = destination.split('/')
  const lines = rest.split('\n').filter((line) => line.trim() !== '')
  const target = `{destination: {host: ${host}${subset === undefined ? '' : `, subset: ${subset}`}}}`
  return [`  - route: [${target}]`, ...lines.map((line) => `    ${line}`), ''].join('\n')
}
