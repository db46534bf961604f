// The documents of this mesh: three names for the same two instances, and retries that go to the other one.
export function documentsFor(ports: readonly number[]): object[] {
  const hosts = ['hello.example', 'openai.example', 'sts.example']
  return [
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'ServiceEntry',
      metadata: { name: 'services' },
      spec: {
        hosts,
        location: 'MESH_INTERNAL',
        resolution: 'STATIC',
        ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
        endpoints: ports.map((port) => ({ address: '127.0.0.1', ports: { http: port } })),
      },
    },
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'services' },
      spec: {
        hosts,
        http: hosts.map((host) => ({
          match: [{ authority: { exact: host } }],
          retries: { attempts: 2, retryOn: '5xx' },
          route: [{ destination: { host } }],
        })),
      },
    },
  ]
}
