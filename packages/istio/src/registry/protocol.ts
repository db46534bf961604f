// What a port speaks: said by `appProtocol` or `protocol`, else by the prefix of its name.

/** `http`: also unnamed ports, whose protocol a proxy would sniff. */
export type Protocol = 'http' | 'http2' | 'tls' | 'tcp' | 'udp'

const WORDS: ReadonlyMap<string, Protocol> = new Map(
  Object.entries<Protocol>({
    http: 'http',
    http2: 'http2',
    grpc: 'http2',
    'grpc-web': 'http2',
    https: 'tls',
    tls: 'tls',
    tcp: 'tcp',
    mongo: 'tcp',
    mysql: 'tcp',
    redis: 'tcp',
    udp: 'udp',
    'kubernetes.io/h2c': 'http2',
    'kubernetes.io/ws': 'http',
    'kubernetes.io/wss': 'tls',
    hbone: 'tcp',
  }),
)

export function protocolOf(said: string | undefined, portName: string, transport?: string): Protocol {
  return transport === 'UDP' ? 'udp' : (saidProtocol(said, portName) ?? 'http')
}

/** Undefined where neither the protocol nor the name says what the port speaks. */
export function saidProtocol(said: string | undefined, portName: string): Protocol | undefined {
  const name = portName.toLowerCase()
  const prefix = name.startsWith('grpc-web') ? 'grpc-web' : (name.split('-')[0] ?? '')
  return WORDS.get((said ?? '').toLowerCase()) ?? WORDS.get(prefix)
}

/** True where HTTP rules apply by Istio's own account. */
export function isHttp(protocol: Protocol): boolean {
  return protocol === 'http' || protocol === 'http2'
}
