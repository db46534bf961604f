// The registry as documents: which instance listens where, with its labels. On Kubernetes the API server would know.
// Pure text; the stage writes it beside the other documents.

export interface RunningInstance {
  readonly service: string
  readonly version: string
  readonly port: number
}

/** One ServiceEntry per service, all its instances as endpoints. */
export function registryDocuments(instances: readonly RunningInstance[]): string {
  const services = new Map<string, RunningInstance[]>()
  for (const instance of instances) {
    const known = services.get(instance.service)
    if (known === undefined) services.set(instance.service, [instance])
    else known.push(instance)
  }
  return [...services].map(([service, running]) => serviceEntry(service, running)).join('---\n')
}

function serviceEntry(service: string, instances: readonly RunningInstance[]): string {
  return `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: ${service}
  namespace: default
spec:
  hosts:
    - ${service}.default.svc.cluster.local
  location: MESH_INTERNAL
  resolution: STATIC
  ports:
    - number: 9080
      name: http
      protocol: HTTP
  endpoints:
${instances.map(endpoint).join('')}`
}

function endpoint({ service, version, port }: RunningInstance): string {
  return `    - address: 127.0.0.1
      ports:
        http: ${port}
      labels:
        app: ${service}
        version: ${version}
`
}
