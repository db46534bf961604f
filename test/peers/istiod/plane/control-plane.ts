// etcd, kube-apiserver and istiod together: documents go in at the API server and come out as xDS.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '../../../kit/until.ts'
import type { Binaries } from '../binaries.ts'
import { ApiServer, type KubernetesObject } from './api-server.ts'
import { Etcd } from './etcd.ts'
import { Istiod } from './istiod.ts'
import { type Document, documentsIn } from './resources.ts'

/** Why a document is not in force. */
export interface Refusal {
  readonly document: Document
  readonly by: 'API server' | 'istiod'
  readonly reason: string
}

export class ControlPlane {
  readonly istiod: Istiod
  readonly #binaries: Binaries
  readonly #etcd: Etcd
  readonly #api: ApiServer
  readonly #home: string
  readonly #namespaces = new Set<string>()
  /** By path, with when the API server says it was made. */
  readonly #made = new Map<string, { readonly document: Document; readonly at: string }>()

  private constructor(home: string, binaries: Binaries, etcd: Etcd, api: ApiServer, istiod: Istiod) {
    this.#home = home
    this.#binaries = binaries
    this.#etcd = etcd
    this.#api = api
    this.istiod = istiod
  }

  static async start(binaries: Binaries): Promise<ControlPlane> {
    const home = mkdtempSync(join(tmpdir(), 'proxyless-istiod-'))
    const etcd = await Etcd.start(binaries.etcd, home)
    const api = await ApiServer.start(binaries.apiServer, home, etcd)
    await define(api, readFileSync(binaries.definitions, 'utf8'))
    await applied(api, '/api/v1/namespaces/istio-system', namespace('istio-system'))
    return new ControlPlane(home, binaries, etcd, api, await Istiod.start(binaries.istiod, home, api))
  }

  /** A second istiod on the same API server, until it is stopped. */
  another(env: Readonly<Record<string, string>>): Promise<Istiod> {
    return Istiod.start(this.#binaries.istiod, mkdtempSync(join(this.#home, 'istiod-')), this.#api, env)
  }

  /** Documents of a text, in their order; those that are refused are named. @param namespace of documents that say none */
  async apply(text: string, fallback = 'bookinfo'): Promise<Refusal[]> {
    const refusals: Refusal[] = []
    for (const document of documentsIn(text, fallback)) {
      await this.#ensureNamespace(document.namespace)
      const refusal = await this.#applyOne(document)
      if (refusal !== undefined) refusals.push(refusal)
    }
    return refusals
  }

  /** Documents that are known to be right, all at once. */
  async put(text: string, fallback = 'bookinfo'): Promise<void> {
    const documents = documentsIn(text, fallback)
    for (const { namespace: ns } of documents) await this.#ensureNamespace(ns)
    await Promise.all(documents.map((document) => this.#store(document)))
  }

  async delete(text: string, fallback = 'bookinfo'): Promise<void> {
    for (const { path } of documentsIn(text, fallback)) {
      await this.#api.delete(path)
      this.#made.delete(path)
    }
  }

  /** Of `text` those documents that another text said anew. */
  async restore(text: string, other: string, fallback = 'bookinfo'): Promise<void> {
    const said = new Set(documentsIn(other, fallback).map(({ path }) => path))
    for (const document of documentsIn(text, fallback)) if (said.has(document.path)) await this.#store(document)
  }

  async stop(): Promise<void> {
    await this.istiod.stop()
    await this.#api.stop()
    await this.#etcd.stop()
    rmSync(this.#home, { recursive: true, force: true })
  }

  async #applyOne(document: Document): Promise<Refusal | undefined> {
    if (!isPastTheApi(document)) {
      const asked = await this.#api.apply(document.path, document.text, true)
      if (!asked.accepted) return { document, by: 'API server', reason: asked.reason }
      if (asked.object.apiVersion.includes('istio')) {
        const reason = await this.istiod.refusalOf(asked.object)
        if (reason !== undefined) return { document, by: 'istiod', reason }
      }
      await this.#outliveRivals(document)
    }
    await this.#store(document)
    return undefined
  }

  async #store(document: Document): Promise<void> {
    const { path, text, kind, namespace: ns, name, object } = document
    if (isPastTheApi(document)) {
      const metadata = { ...object?.metadata, namespace: ns }
      return this.#etcd.put(`/registry/endpointslices/${ns}/${name}`, { ...object, metadata })
    }
    const { metadata } = await applied(this.#api, path, text)
    this.#made.set(path, { document, at: metadata.creationTimestamp ?? '' })
    // no kubelet is there to say how it fares
    if (kind === 'Pod') await applied(this.#api, `${path}/status`, text)
  }

  /** Of two for one host the older wins, and their age is in whole seconds: the next one waits until it is younger. */
  async #outliveRivals(document: Document): Promise<void> {
    const { path, text } = document
    const rivals = [...this.#made.values()].filter((each) => isRival(each.document, document))
    const latest = rivals
      .map(({ at }) => at)
      .toSorted()
      .at(-1)
    if (latest === undefined || this.#made.has(path)) return
    await until(async () => {
      const asked = await this.#api.apply(path, text, true)
      return !asked.accepted || (asked.object.metadata.creationTimestamp ?? '') > latest
    })
  }

  async #ensureNamespace(name: string): Promise<void> {
    if (this.#namespaces.has(name)) return
    await applied(this.#api, `/api/v1/namespaces/${name}`, namespace(name))
    this.#namespaces.add(name)
  }
}

/** Another document of its kind for a host of the same name, however long it is written. */
function isRival(other: Document, document: Document): boolean {
  const hosts = new Set(hostsOf(other))
  return (
    other.kind === document.kind && other.path !== document.path && hostsOf(document).some((host) => hosts.has(host))
  )
}

function hostsOf({ object }: Document): string[] {
  const { host, hosts = [] } = object?.spec ?? {}
  return [...hosts, ...(host === undefined ? [] : [host])].map((each) => each.split('.')[0] ?? '')
}

/** Istio's kinds, served from when the API server says so. */
async function define(api: ApiServer, text: string): Promise<void> {
  const definitions = text.split(/^---$/m).flatMap((each) => {
    const name = /^ {2}name: (\S+)$/m.exec(each)?.[1]
    return name === undefined ? [] : [{ name, text: each }]
  })
  for (const each of definitions) {
    await applied(api, `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${each.name}`, each.text)
  }
  await until(async () => api.has('/apis/networking.istio.io/v1/virtualservices'), 60_000)
}

async function applied(api: ApiServer, path: string, document: string): Promise<KubernetesObject> {
  const said = await api.apply(path, document)
  if (!said.accepted) throw new Error(`${path}: ${said.reason}`)
  return said.object
}

/** The API server refuses endpoints on loopback. */
function isPastTheApi({ kind, text }: Document): boolean {
  return kind === 'EndpointSlice' && text.includes('127.0.0.')
}

function namespace(name: string): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
}
