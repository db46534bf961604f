// A kube-apiserver on an etcd: documents are applied and deleted as `kubectl apply --server-side` would.
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Agent, fetch } from 'undici'
import type { Etcd } from './etcd.ts'
import { freePorts, type Program, ServerProcess } from './server-process.ts'

const token = 'secret-token'

/** What it said of a document. */
export type Said =
  | { readonly accepted: true; readonly object: KubernetesObject }
  | { readonly accepted: false; readonly reason: string }

export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly creationTimestamp?: string
  }
  readonly spec?: { readonly host?: string; readonly hosts?: readonly string[] }
}

export class ApiServer {
  readonly url: string
  readonly #process: ServerProcess
  readonly #agent: Agent

  private constructor(url: string, running: ServerProcess, agent: Agent) {
    this.url = url
    this.#process = running
    this.#agent = agent
  }

  static async start(binary: string, home: string, etcd: Etcd): Promise<ApiServer> {
    const [port = 0] = await freePorts(1)
    const url = `https://127.0.0.1:${port}`
    const key = join(home, 'service-accounts.key')
    writeFileSync(key, generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(pem))
    writeFileSync(join(home, 'tokens.csv'), `${token},admin,admin-uid,"system:masters"\n`)
    // it signs its own certificate
    const agent = new Agent({ connect: { rejectUnauthorized: false } })
    const running = await ServerProcess.start({
      binary,
      flags: flagsOf(port, key, home, etcd),
      log: join(home, 'kube-apiserver.log'),
      isReady: async () =>
        (await fetch(`${url}/readyz`, { dispatcher: agent, headers: { authorization: `Bearer ${token}` } })).ok,
    })
    return new ApiServer(url, running, agent)
  }

  /** For programs that read a kubeconfig file. */
  kubeconfig(): string {
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server: this.url, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'u', user: { token } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    })
  }

  /** @param path of the object; @param document YAML or JSON */
  async apply(path: string, document: string, dryRun = false): Promise<Said> {
    const query = `fieldManager=test&force=true&fieldValidation=Strict${dryRun ? '&dryRun=All' : ''}`
    const answer = await this.#ask('PATCH', `${path}?${query}`, document)
    const body = (await answer.json()) as KubernetesObject & { message?: string }
    return answer.ok ? { accepted: true, object: body } : { accepted: false, reason: body.message ?? '' }
  }

  async delete(path: string): Promise<void> {
    const answer = await this.#ask('DELETE', path)
    if (!answer.ok && answer.status !== 404) throw new Error(`${path}: ${await answer.text()}`)
    await answer.text()
  }

  async has(path: string): Promise<boolean> {
    const answer = await this.#ask('GET', path)
    await answer.text()
    return answer.ok
  }

  async stop(): Promise<void> {
    await this.#process.stop()
    await this.#agent.close()
  }

  #ask(method: string, path: string, body?: string): ReturnType<typeof fetch> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/apply-patch+yaml' }
    return fetch(this.url + path, {
      method,
      headers,
      dispatcher: this.#agent,
      ...(body === undefined ? {} : { body }),
    })
  }
}

const pem = { type: 'pkcs1', format: 'pem' } as const

function flagsOf(port: number, key: string, home: string, etcd: Etcd): Program['flags'] {
  return {
    'etcd-servers': etcd.url,
    'bind-address': '127.0.0.1',
    'secure-port': port,
    'advertise-address': '127.0.0.1',
    'endpoint-reconciler-type': 'none',
    'service-cluster-ip-range': '10.96.0.0/16',
    'allow-privileged': true,
    'cert-dir': join(home, 'certificates'),
    'token-auth-file': join(home, 'tokens.csv'),
    'authorization-mode': 'AlwaysAllow',
    'disable-admission-plugins': 'ServiceAccount,DefaultStorageClass',
    'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
    'service-account-signing-key-file': key,
    'service-account-key-file': key,
  }
}
