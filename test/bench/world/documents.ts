// A thousand Istio documents of about 73 lines each: a VirtualService and a DestinationRule for each of 495 services,
// and ten ServiceEntries that name the services.

export const services = 495
const servicesPerEntry = 50

/** One text per document, as files are. */
export function thousandDocuments(): string[] {
  const hosts = Array.from({ length: services }, (_, i) => hostOf(i))
  const entries = Array.from({ length: Math.ceil(services / servicesPerEntry) }, (_, i) =>
    serviceEntry(i, hosts.slice(i * servicesPerEntry, (i + 1) * servicesPerEntry)),
  )
  return [...entries, ...hosts.flatMap((host, i) => [virtualService(i, host), destinationRule(i, host)])]
}

function hostOf(service: number): string {
  return `service-${service}.shop.svc.cluster.local`
}

function head(kind: string, name: string): string {
  return `apiVersion: networking.istio.io/v1
kind: ${kind}
metadata:
  name: ${name}
  namespace: shop
  labels:
    app: ${name}
    team: checkout
    tier: backend
  annotations:
    owner: checkout
`
}

function serviceEntry(number: number, hosts: readonly string[]): string {
  const endpoints = ['v1', 'v2', 'v3'].map(
    (version, i) => `  - { address: 10.1.${number}.${i + 1}, labels: { version: ${version} } }\n`,
  )
  return `${head('ServiceEntry', `services-${number}`)}spec:
  hosts:
${hosts.map((host) => `  - ${host}\n`).join('')}  location: MESH_INTERNAL
  resolution: STATIC
  ports:
  - number: 9080
    name: http
    protocol: HTTP
  endpoints:
${endpoints.join('')}`
}

function virtualService(number: number, host: string): string {
  return `${head('VirtualService', `service-${number}`)}spec:
  hosts:
  - ${host}
  http:
  - name: tester
    match:
    - headers:
        end-user:
          exact: jason
      uri:
        prefix: /service-${number}/
    route:
    - destination:
        host: ${host}
        subset: v2
        port:
          number: 9080
    timeout: 2s
  - name: canary
    match:
    - headers:
        cookie:
          regex: "^(.*?;)?(group=beta)(;.*)?$"
    - uri:
        regex: /service-${number}/v[0-9]+/preview/[^/]+
      method:
        exact: GET
    rewrite:
      uri: /preview
    route:
    - destination:
        host: ${host}
        subset: v3
      headers:
        request:
          add:
            x-canary: "true"
    timeout: 5s
  - name: default
    route:
    - destination:
        host: ${host}
        subset: v1
      weight: 90
    - destination:
        host: ${host}
        subset: v2
      weight: 10
    timeout: 10s
    retries:
      attempts: 3
      perTryTimeout: 2s
      retryOn: connect-failure,refused-stream,reset,503
    mirror:
      host: ${host}
      subset: v3
    mirrorPercentage:
      value: 1.5
    headers:
      response:
        remove:
        - x-internal
`
}

function destinationRule(number: number, host: string): string {
  const subset = (version: string, balancer: string): string => `  - name: ${version}
    labels:
      version: ${version}
    trafficPolicy:
      loadBalancer:
        simple: ${balancer}
      connectionPool:
        tcp:
          maxConnections: 200
        http:
          http2MaxRequests: 500
`
  return `${head('DestinationRule', `service-${number}`)}spec:
  host: ${host}
  trafficPolicy:
    loadBalancer:
      simple: LEAST_REQUEST
    connectionPool:
      tcp:
        maxConnections: 100
        connectTimeout: 3s
        tcpKeepalive:
          time: 7200s
      http:
        http1MaxPendingRequests: 128
        http2MaxRequests: 1000
        maxRequestsPerConnection: 0
        maxRetries: 5
        idleTimeout: 300s
    outlierDetection:
      consecutive5xxErrors: 5
      consecutiveGatewayErrors: 3
      interval: 10s
      baseEjectionTime: 30s
      maxEjectionPercent: 100
      minHealthPercent: 0
    tls:
      mode: DISABLE
  subsets:
${subset('v1', 'ROUND_ROBIN')}${subset('v2', 'LEAST_REQUEST')}${subset('v3', 'RANDOM')}`
}
