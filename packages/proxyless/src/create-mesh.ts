// The front door: puts the rooms together into a mesh an application can call through.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { hostname } from 'node:os'
import type { ConfigSource, Explanation, Freshness, MeshStatus } from '@proxyless/core'
import { type DocumentSource, house as engine, type Housed, Mesh as House } from '@proxyless/core/spi'
import { grpcHealthProbers } from '@proxyless/grpc/health'
import {
  healthProbers,
  HttpTransport,
  type MeshDispatcher,
  type MeshFetch,
  type MeshHttpAgent,
  type MeshHttpsAgent,
} from '@proxyless/http'
import { CallContext, type CallOverrides, type Middleware, middleware, watchServers } from '@proxyless/context'
import { fromDocuments, type IstioOptions, type TranslationOptions, type Workload } from '@proxyless/istio'
import { Clients, type InstallOptions } from './clients.ts'
import { warnOfRefusals } from './config-warning.ts'
import type { Diagnosis } from './doctor/diagnosis.ts'
import { diagnose } from './doctor/doctor.ts'
import { findSidecar } from './doctor/sidecar.ts'
import { documentsOf } from './documents-of.ts'
import { type ExplainInput, readRequest } from './explain-input.ts'
import { EventLoopWatch } from './host/event-loop.ts'
import { processClock } from './host/process-clock.ts'
import { processRandom } from './host/process-random.ts'
import { regexEngine } from './host/regex.ts'
import { requestIds } from './host/request-ids.ts'
import { processResolver } from './host/resolver.ts'
import { workloadFromEnvironment } from './host/workload.ts'
import { checkOptions, compatOf, type CreateMeshOptions, refuse } from './options.ts'
import { Telemetry } from './telemetry/telemetry.ts'
import { readWorkload } from './workload-option.ts'
import { translateAs, xds } from './xds.ts'

const defaultReplayBytes = 1_048_576

type FetchInput = Parameters<MeshFetch>[0]

/** Same signature as the platform's fetch, and overrides for one call. @throws MeshError INVALID_OPTION for wrong ones */
export type OverridableFetch = (
  input: FetchInput,
  init?: RequestInit & { readonly mesh?: CallOverrides },
) => Promise<Response>

/** A running mesh. Close it, or declare it with `await using`. */
export interface Mesh extends AsyncDisposable, Housed {
  /** The platform's fetch, through the mesh; `mesh` of its init overrides for this call. */
  readonly fetch: OverridableFetch
  /** An undici Dispatcher: for `setGlobalDispatcher` and for `dispatcher` options. */
  readonly dispatcher: MeshDispatcher
  /** The `agent` for node:http, axios, got, node-fetch, superagent, ws and the like. */
  readonly httpAgent: MeshHttpAgent
  /** The same for `https:`; TLS is made as the mesh says, options of requests for it are not looked at. */
  readonly httpsAgent: MeshHttpsAgent
  /**
   * Takes in the clients of this process that know nothing of a mesh, until the disposable gives them back or the mesh closes.
   * What goes to hosts that no document claims stays as it was. Once per process: of another mesh it is refused with a warning.
   */
  install(options?: InstallOptions): Disposable
  /** Which clients of this process are meshed and which are not, who else routes or retries. As text: `String(await mesh.doctor())`. */
  doctor(of?: {
    /** Whose package.json tells the libraries; default: that of the application. */ readonly directory?: string
  }): Promise<Diagnosis>
  /**
   * Runs `next`; the calls it makes through the mesh, by whatever client, are as `overrides` say. It may be nested.
   * @throws MeshError INVALID_OPTION for what is wrong, or may not be overridden
   */
  with<T>(overrides: CallOverrides, next: () => T): T
  /**
   * For `app.use` of Express and NestJS and `addHook('onRequest', ...)` of Fastify: calls inherit of the request that is being answered.
   * Needed only with `inbound: false`, and over HTTP/2 in Node 20, which does not tell of requests itself.
   */
  middleware(): Middleware
  /** Why a request would go where; sends nothing. @throws TypeError when the URL is not one of http or https */
  explain(request: ExplainInput): Explanation
  /** Plain JSON: clusters, endpoints, health, ejections, limits, configuration version and problems. */
  status(): MeshStatus
  /**
   * A request handler for a server of yours that Prometheus asks: what this mesh counts, Istio's standard metrics and Envoy's
   * statistics of clusters. Calls count from the first time that it, or `metricsPort`, is asked for.
   */
  metricsHandler(): (request: IncomingMessage, response: ServerResponse) => void
  /** Where `metricsPort` serves; undefined: nowhere. */
  readonly metricsUrl: string | undefined
  /** Resolves when the first configuration is in force: to how near it is, now, to what its source has. */
  ready(): Promise<Freshness>
  /** Closes all connections and watchers; calls under way fail. Idempotent. */
  close(): Promise<void>
}

/**
 * Starts a mesh and waits for its first configuration.
 * @throws MeshError INVALID_OPTION for a wrong option, CONFIG_UNAVAILABLE when there is nothing to start with
 */
export async function createMesh(options: CreateMeshOptions): Promise<Mesh> {
  checkOptions(options)
  const clock = options.clock ?? processClock
  const workload = await workloadOf(options)
  const source = sourceOf(options, workload)
  const sidecar = options.doubleRetries === true ? undefined : await findSidecar()
  if (sidecar !== undefined) warnOfSidecar(sidecar)
  const { grpcTimeoutStatus } = compatOf(options)
  const context = new CallContext({ clock, inherit: options.inherit ?? [], overrides: options.overrides ?? [] })
  const house = new House({
    source: warnOfRefusals(source, options.observer?.configApplied !== undefined),
    clock,
    random: options.random ?? processRandom(),
    regex: regexEngine,
    resolver: processResolver(),
    eventLoop: new EventLoopWatch(clock),
    settings: {
      trustRequestHeaders: options.trustRequestHeaders ?? false,
      requestId: options.requestId === false ? undefined : requestIds(processRandom()),
      attemptCount: options.attemptCount ?? true,
      retries: sidecar === undefined,
      faults: (options.faults ?? true) && process.env['PROXYLESS_FAULTS'] !== 'off',
      ...(grpcTimeoutStatus === undefined ? {} : { grpcTimeoutStatus }),
    },
    probers: { ...healthProbers, ...grpcHealthProbers },
    surroundings: context,
    ...(options.observer === undefined ? {} : { observer: options.observer }),
  })
  const clients = new Clients(
    new HttpTransport({
      mesh: house,
      clock,
      maxReplayBytes: options.maxReplayBytes ?? defaultReplayBytes,
      throwsLocalReplies: options.localReply === 'throw',
    }),
  )
  const telemetry = new Telemetry(house, workload)
  try {
    await house.ready()
    await telemetry.start(options)
  } catch (error) {
    telemetry.close()
    await house.close()
    throw error
  }
  const unwatch = options.inbound === false ? undefined : watchServers(context)
  const close = (): Promise<void> => {
    unwatch?.()
    telemetry.close()
    clients.close()
    return house.close()
  }
  return {
    fetch: fetchWith(clients.fetch, context),
    with: (overrides, next) => context.with(overrides, next),
    middleware: () => middleware(context),
    dispatcher: clients.dispatcher,
    get httpAgent() {
      return clients.agents.http
    },
    get httpsAgent() {
      return clients.agents.https
    },
    install: (given) => clients.install(given),
    [engine]: house,
    doctor: (of = {}) =>
      diagnose({
        ...of,
        installation: clients.installation,
        retries: house.settings.retries !== false,
        heads: clients.proxies,
        observed: clients.observations.all,
      }),
    explain: (request) => house.explain(readRequest(request)),
    status: () => house.status(),
    metricsHandler: () => telemetry.metricsHandler(),
    get metricsUrl() {
      return telemetry.metricsUrl
    },
    ready: async () => {
      await house.ready()
      return source.freshness?.() ?? { state: 'live', ageMs: 0 }
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function fetchWith(fetch: MeshFetch, context: CallContext): OverridableFetch {
  const overridden = async (input: FetchInput, init: RequestInit, mesh: CallOverrides): Promise<Response> =>
    context.with(mesh, () => fetch(input, init))
  return (input, init) => (init?.mesh === undefined ? fetch(input, init) : overridden(input, init, init.mesh))
}

let warned = false

/** Once for a process. */
function warnOfSidecar(sign: string): void {
  if (warned) return
  warned = true
  process.emitWarning(
    `a sidecar is in front of this process (${sign}); it retries, so the mesh does not. \`doubleRetries: true\` keeps both`,
    { type: 'MeshWarning', code: 'PROXYLESS_SIDECAR' },
  )
}

type OwnWorkload = Workload & { readonly instance: string }

async function workloadOf(options: CreateMeshOptions): Promise<OwnWorkload> {
  const instance = `${hostname()}-${process.pid}`
  return { instance, ...(await workloadFromEnvironment()), ...readWorkload(options.workload) }
}

function sourceOf(options: CreateMeshOptions, workload: OwnWorkload): ConfigSource {
  const { config } = options
  const translation = translationOf(options)
  if (isSource(config)) {
    translateAs(config, translation)
    return config
  }
  if (typeof config === 'string' && config.startsWith('xds://')) return xds(serverOf(config))
  const clock = options.clock ?? processClock
  const { namespace, labels } = workload
  const node = { id: workload.instance, namespace, labels }
  const documents = documentsOf(config, { clock, random: options.random?.fork() ?? processRandom(), node })
  return readDocuments(documents, {
    workload,
    regex: regexEngine,
    clock,
    pause: () => new Promise((resolve) => setImmediate(resolve)),
    ...translation,
  })
}

function translationOf(options: CreateMeshOptions): TranslationOptions {
  const { profile } = compatOf(options)
  return {
    ...(options.meshConfig === undefined ? {} : { meshConfig: options.meshConfig }),
    ...(profile === undefined ? {} : { compat: profile }),
    ...(options.strict === undefined ? {} : { strict: options.strict }),
    ...(options.httpsAsL7 === undefined ? {} : { httpsAsL7: options.httpsAsL7 }),
    ...(options.strictSidecarPorts === undefined ? {} : { strictSidecarPorts: options.strictSidecarPorts }),
  }
}

function readDocuments(documents: DocumentSource, options: IstioOptions): ConfigSource {
  try {
    return fromDocuments(documents, options)
  } catch (error) {
    if (error instanceof TypeError) refuse(error.message, error)
    throw error
  }
}

/** `xds://host:port`; without a host the bootstrap of the environment says it. */
function serverOf(url: string): { server?: string } {
  const server = url.slice('xds://'.length).replace(/\/+$/, '')
  return server === '' ? {} : { server }
}

function isSource(config: CreateMeshOptions['config']): config is ConfigSource {
  return typeof config === 'object' && 'start' in config
}
