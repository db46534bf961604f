// An unmodified istiod that reads the API server; its validating webhook is asked as the API server would ask it.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ApiServer, KubernetesObject } from './api-server.ts'
import { freePorts, ServerProcess } from './server-process.ts'

const environment = {
  POD_NAME: 'istiod-local',
  POD_NAMESPACE: 'istio-system',
  CLUSTER_ID: 'Kubernetes',
  PILOT_CERT_PROVIDER: 'none',
  ENABLE_CA_SERVER: 'false',
  INJECT_ENABLED: 'false',
  PILOT_DEBOUNCE_AFTER: '50ms',
  ENABLE_XDS_API_GENERATOR_AUTH: 'false',
}

interface AdmissionReview {
  readonly response: { readonly allowed: boolean; readonly status?: { readonly message?: string } }
}

export class Istiod {
  /** `host:port` of its xDS server, in plain text. */
  readonly server: string
  readonly #http: string
  readonly #meshConfig: string
  readonly #process: ServerProcess

  private constructor(server: string, http: string, meshConfig: string, running: ServerProcess) {
    this.server = server
    this.#http = http
    this.#meshConfig = meshConfig
    this.#process = running
  }

  /** @param home an empty folder for its files */
  static async start(
    binary: string,
    home: string,
    apiServer: ApiServer,
    env: Readonly<Record<string, string>> = {},
  ): Promise<Istiod> {
    const [grpc = '', http = '', monitoring = ''] = (await freePorts(3)).map((port) => `127.0.0.1:${port}`)
    const kubeconfig = join(home, 'kubeconfig')
    const meshConfig = join(home, 'mesh.yaml')
    writeFileSync(kubeconfig, apiServer.kubeconfig())
    writeFileSync(meshConfig, '{}')
    const running = await ServerProcess.start({
      binary,
      command: 'discovery',
      flags: {
        registries: 'Kubernetes',
        kubeconfig,
        meshConfig,
        networksConfig: '/nonexistent',
        ctrlz_address: '127.0.0.1',
        ctrlz_port: 0,
        grpcAddr: grpc,
        httpAddr: http,
        monitoringAddr: monitoring,
        httpsAddr: '',
        secureGRPCAddr: '',
      },
      env: { ...environment, ...env },
      log: join(home, 'istiod.log'),
      isReady: async () => (await fetch(`http://${http}/ready`)).ok,
    })
    return new Istiod(grpc, `http://${http}`, meshConfig, running)
  }

  /** Why it refuses a document; undefined when it does not. */
  async refusalOf(object: KubernetesObject): Promise<string | undefined> {
    const request = {
      uid: 'u',
      kind: { group: object.apiVersion.split('/')[0], version: 'v1', kind: object.kind },
      namespace: object.metadata.namespace,
      name: object.metadata.name,
      operation: 'CREATE',
      object,
    }
    const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request }
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${this.#http}/validate`, { method: 'POST', headers, body: JSON.stringify(review) })
    const { response } = (await answer.json()) as AdmissionReview
    return response.allowed ? undefined : (response.status?.message ?? 'refused')
  }

  /** It watches its file. */
  configure(meshConfig: object): void {
    writeFileSync(this.#meshConfig, JSON.stringify(meshConfig))
  }

  stop(): Promise<void> {
    return this.#process.stop()
  }
}
