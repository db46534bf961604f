// What the mesh is told of the ratings: where its instances listen, and how its calls are to be made.

export function documentsFor(ports: Readonly<Record<string, number>>): readonly object[] {
  const metadata = { name: 'ratings', namespace: 'default' }
  return [
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'ServiceEntry',
      metadata,
      spec: {
        hosts: ['ratings.default.svc.cluster.local'],
        location: 'MESH_INTERNAL',
        resolution: 'STATIC',
        ports: [{ number: 9080, name: 'grpc', protocol: 'GRPC' }],
        endpoints: Object.entries(ports).map(([instance, port]) => ({
          address: '127.0.0.1',
          ports: { grpc: port },
          labels: { instance },
        })),
      },
    },
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata,
      spec: {
        hosts: ['ratings'],
        http: [
          {
            match: [{ uri: { exact: '/bookinfo.Ratings/Rate' }, headers: { 'end-user': { exact: 'nobody' } } }],
            fault: { abort: { grpcStatus: 'PERMISSION_DENIED', percentage: { value: 100 } } },
            route: [{ destination: { host: 'ratings' } }],
          },
          {
            route: [{ destination: { host: 'ratings' } }],
            timeout: '10s',
            retries: { attempts: 2, retryOn: 'unavailable,connect-failure,refused-stream', backoff: '1ms' },
          },
        ],
      },
    },
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata,
      spec: { host: 'ratings', trafficPolicy: { loadBalancer: { simple: 'ROUND_ROBIN' } } },
    },
  ]
}
