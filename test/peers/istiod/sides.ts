// Both ways to a configuration: our own translation of documents, and what istiod says by xDS in one of its dialects.
import { documentSource, fromDocuments, type IstioOptions } from '@proxyless/istio'
import { xdsSource } from '@proxyless/xds'
import { xdsDocuments } from '@proxyless/xds/documents'
import type { Clock, Mesh, XdsOptions } from 'proxyless'
import { processClock, processRandom, regexEngine } from 'proxyless/host'
import { until } from '../../kit/until.ts'
import { type Watched, watchedMesh } from './decision.ts'
import type { ControlPlane } from './plane/control-plane.ts'

/** `sidecar`: what istiod sends an Envoy; `api`: what it sends a gRPC client; `documents`: what it read itself, which is translated here. */
export const dialects = ['sidecar', 'api', 'documents'] as const

const generators: Readonly<Record<Dialect, string | undefined>> = { sidecar: undefined, api: 'grpc', documents: 'api' }

export type Dialect = (typeof dialects)[number]

/** What the translation of documents, and not the mesh, is told. */
export type TranslationOptions = Pick<IstioOptions, 'meshConfig' | 'compat' | 'strictSidecarPorts' | 'httpsAsL7'>

export interface Client {
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
  readonly locality?: { readonly region: string; readonly zone: string; readonly subzone: string }
}

/** Who calls in the conformance table. */
export const caller: Client = { namespace: 'bookinfo', labels: { app: 'c' } }

export function ourSide(
  documents: readonly string[],
  client: Client,
  options: TranslationOptions = {},
): Promise<Watched> {
  const source = fromDocuments(documentSource(documents), {
    workload: client,
    regex: regexEngine,
    clock: processClock,
    pause: () => Promise.resolve(),
    ...options,
  })
  return watchedMesh(source)
}

export function istiodSide(
  plane: ControlPlane,
  dialect: Dialect,
  client: Client,
  hosts: readonly string[],
  translation: TranslationOptions,
): Promise<Watched> {
  const options = { ...xdsOptions(plane, dialect, client, [...hosts, marker]), startTimeoutMs: 30_000 * haste }
  const host = { clock: hastened, random: processRandom(), regex: regexEngine, env: {}, node: { id: '' } }
  if (dialect !== 'documents') return watchedMesh(xdsSource(options, host))
  const workload = { ...client, instance: options.node?.id ?? '' }
  const pause = (): Promise<void> => Promise.resolve()
  const read = { ...translation, workload, regex: regexEngine, clock: processClock, pause, fromControlPlane: true }
  return watchedMesh(xdsDocuments(options, host, (documents) => fromDocuments(documents, read)))
}

/** @param hosts that will be called (`reviews:9080`), which gRPC's dialect must ask for by name */
export function xdsOptions(
  { istiod }: ControlPlane,
  dialect: Dialect,
  { namespace, labels, locality }: Client,
  hosts: readonly string[],
): XdsOptions {
  const place = locality && { region: locality.region, zone: locality.zone, subZone: locality.subzone }
  return {
    server: istiod.server,
    node: {
      // an address that is no endpoint's, or it would be that workload
      id: `sidecar~127.0.0.9~client.${namespace}~${namespace}.svc.cluster.local`,
      ...(place === undefined ? {} : { locality: place }),
      metadata: {
        NAMESPACE: namespace,
        LABELS: labels,
        CLUSTER_ID: 'Kubernetes',
        ISTIO_VERSION: '1.31.0',
        ...(generators[dialect] === undefined ? {} : { GENERATOR: generators[dialect] }),
      },
    },
    dialect,
    ...(dialect === 'api' ? { hosts } : {}),
  }
}

/** What istiod does not have is given up for lost sooner than after 15 s; what comes later is used all the same. */
const hastened: Clock = {
  ...processClock,
  now: () => processClock.now() * haste,
  setTimer: (delayMs, fire, background) => processClock.setTimer(delayMs / haste, fire, background),
}

const haste = 50

const marker = 'marker.test:80'

let marks = 0

/** Says in one document of each kind that everything before it has been said. */
export async function mark(plane: ControlPlane): Promise<number> {
  marks += 1
  await plane.put(markDocuments(marks), 'istio-system')
  return marks
}

/** Until istiod has told this client all that was said before the mark. */
export async function settled(mesh: Mesh, number: number): Promise<void> {
  await until(() => {
    const { outcome } = mesh.explain(`http://${marker}/`)
    return outcome.cluster === `outbound|80|m${number}|marker.test` && outcome.endpoint === `127.0.0.1:${port(number)}`
  }, 30_000)
}

function markDocuments(number: number): string {
  const document = (kind: string, spec: object): string =>
    JSON.stringify({ apiVersion: 'networking.istio.io/v1', kind, metadata: { name: 'marker' }, spec })
  const destination = { host: 'marker.test', subset: `m${number}` }
  return [
    document('ServiceEntry', {
      hosts: ['marker.test'],
      location: 'MESH_INTERNAL',
      resolution: 'STATIC',
      ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
      endpoints: [{ address: '127.0.0.1', ports: { http: port(number) } }],
    }),
    document('VirtualService', { hosts: ['marker.test'], http: [{ route: [{ destination }] }] }),
    document('DestinationRule', { host: 'marker.test', subsets: [{ name: `m${number}` }] }),
  ].join('\n---\n')
}

function port(number: number): number {
  return 30_000 + number
}
