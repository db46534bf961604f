// Clusters as fast-check makes them: every field of the model, in the form in which the model says it (no field that says the default).
import type {
  Cluster,
  Discovery,
  Endpoint,
  HealthCheck,
  LoadBalancer,
  Locality,
  LocalityBalancing,
  OutlierDetection,
  UpstreamTls,
} from '@proxyless/core/spi'
import fc from 'fast-check'
import { bytes, ms, optional, origin, origins, share, text } from './arbitrary-values.ts'

const localities: readonly Locality[] = [
  { region: 'r1', zone: 'z1', subzone: '' },
  { region: 'r1', zone: 'z2', subzone: 's' },
  { region: '', zone: '', subzone: '' },
]

export function clusterArb(name: string): fc.Arbitrary<Cluster> {
  return discoveryArb.chain((discovery) =>
    optional(
      {
        name: fc.constant(name),
        service: fc.oneof(
          fc.constant({ host: name, port: 0 }),
          optional({ host: text, port: fc.integer({ min: 1, max: 65_535 }) }, { variant: text }),
        ),
        discovery: fc.constant(discovery),
        loadBalancer: balancerArb,
        protocol: fc.constantFrom('http1', 'http2'),
        connectTimeoutMs: ms,
        connectionPool: poolArb,
        circuitBreakers: breakersArb,
        panicThreshold: share,
        origin,
        origins,
      },
      {
        outlierDetection: outlierArb,
        healthCheck: healthCheckArb,
        ...(discovery.kind === 'originalDestination'
          ? {}
          : {
              overprovisioningFactor: fc.integer({ min: 100, max: 300 }).map((percent) => percent / 100),
              localities: localitiesArb(discovery.endpoints),
              drops: fc.array(dropArb, { minLength: 1, maxLength: 2 }),
            }),
        slowStart: fc.record({ windowMs: ms, aggression: fc.integer({ min: 1, max: 5 }), minWeight: share }),
        external: fc.constant(true as const),
        aperture: fc.record({ size: fc.nat(100), seed: fc.nat() }),
        adaptive: adaptiveArb,
        tls: tlsArb,
        tlsMatches: fc.array(tlsMatchArb, { minLength: 1, maxLength: 2 }),
      },
    ),
  )
}

/** Addresses differ: gRPC refuses one that appears twice. */
function endpointsArb(kind: 'static' | 'dns'): fc.Arbitrary<Endpoint[]> {
  return fc.array(endpointArb, { maxLength: 5 }).map((endpoints) =>
    endpoints.map(({ additionalAddresses, ...endpoint }, n) =>
      kind === 'static'
        ? {
            ...endpoint,
            address: `10.0.0.${n}`,
            // each address has one endpoint
            ...(additionalAddresses && {
              additionalAddresses: additionalAddresses.map(({ port }, m) => ({ address: `fd00::${n}:${m}`, port })),
            }),
          }
        : { ...endpoint, address: `h${n}.example` },
    ),
  )
}

const dropArb = fc.record({
  category: text,
  percent: fc.record({ numerator: fc.integer({ min: 1, max: 1_000_000 }) }),
})

const labels = fc.dictionary(fc.constantFrom('app', 'version', 'x'), text, { maxKeys: 3, noNullPrototype: true })

const endpointArb = optional(
  {
    address: fc.constant(''),
    port: fc.integer({ min: 1, max: 65_535 }),
    weight: fc.integer({ min: 1, max: 5 }),
    health: fc.constantFrom('healthy', 'degraded', 'unhealthy', 'draining'),
    labels,
    locality: fc.constantFrom(...localities),
    priority: fc.constantFrom(0, 0, 1, 3),
  },
  {
    tlsLabels: labels,
    name: text,
    hostname: text,
    hashName: text,
    additionalAddresses: fc.array(fc.record({ address: fc.constant(''), port: fc.integer({ min: 1, max: 65_535 }) }), {
      minLength: 1,
      maxLength: 2,
    }),
    healthCheck: optional(
      {},
      { port: fc.integer({ min: 1, max: 65_535 }), hostname: text, disabled: fc.constant(true) },
    ),
  },
) as fc.Arbitrary<Endpoint>

const discoveryArb: fc.Arbitrary<Discovery> = fc.oneof(
  endpointsArb('static').map((endpoints) => ({ kind: 'static', endpoints }) as const),
  endpointsArb('dns').map((endpoints) => ({ kind: 'strictDns', endpoints }) as const),
  endpointsArb('dns').map((endpoints) => ({ kind: 'logicalDns', endpoints }) as const),
  optional({ kind: fc.constant('originalDestination' as const) }, { port: fc.integer({ min: 1, max: 65_535 }) }),
)

/** Weights of some of the groups that there are, in any order; or zones. */
function localitiesArb(endpoints: readonly Endpoint[]): fc.Arbitrary<LocalityBalancing> {
  const keys = new Map(endpoints.map((each) => [`${each.priority} ${each.locality.zone}`, each]))
  const weights = fc
    .shuffledSubarray([...keys.values()])
    .chain((chosen) =>
      fc.tuple(
        ...chosen.map(({ locality, priority }) =>
          fc.integer({ min: 1, max: 9 }).map((weight) => ({ locality, priority, weight })),
        ),
      ),
    )
  return fc.oneof(
    weights.map((given) => ({ kind: 'weighted' as const, weights: given })),
    fc.record({
      kind: fc.constant('zoneAware' as const),
      own: fc.constantFrom(...localities),
      clients: fc.array(fc.record({ locality: fc.constantFrom(...localities), count: fc.nat(9) }), { maxLength: 2 }),
      minClusterSize: fc.nat(9),
      routingEnabled: share,
      failTrafficOnPanic: fc.boolean(),
    }),
  )
}

const hashing = { hashKey: fc.constant('hostname' as const), balanceFactor: fc.integer({ min: 100, max: 300 }) }

const balancerArb: fc.Arbitrary<LoadBalancer> = fc.oneof(
  fc.constantFrom({ kind: 'roundRobin' } as const, { kind: 'random' } as const),
  // gRPC takes 10 choices at most (A48)
  optional(
    { kind: fc.constant('leastRequest' as const), choices: fc.integer({ min: 2, max: 10 }) },
    { activeRequestBias: fc.constantFrom(0, 0.5, 2) },
  ),
  optional(
    { kind: fc.constant('ringHash' as const), minimumRingSize: fc.integer({ min: 1, max: 2000 }) },
    { ...hashing, maximumRingSize: fc.integer({ min: 2000, max: 8_388_608 }) },
  ),
  optional({ kind: fc.constant('maglev' as const), tableSize: fc.constantFrom(1009, 65_537) }, hashing),
  fc.record({ kind: fc.constant('peakEwma' as const), decayMs: ms, failurePenalty: fc.integer({ min: 1, max: 9 }) }),
  optional(
    {
      kind: fc.constant('clientWeightedRoundRobin' as const),
      blackoutMs: ms,
      expiryMs: ms,
      updateMs: fc.integer({ min: 100, max: 10_000 }),
      errorPenalty: fc.constantFrom(0, 0.5, 1),
    },
    { outOfBandMs: ms },
  ),
)

const poolArb = optional(
  {
    idleTimeoutMs: fc.oneof(ms, fc.constant(Infinity)),
    maxRequestsPerConnection: fc.nat(100),
    maxConcurrentStreams: fc.integer({ min: 1, max: 2_147_483_647 }),
  },
  { maxConnectionDurationMs: ms, tcpKeepAliveMs: ms },
)

const limit = fc.oneof(fc.nat(1000), fc.constant(Infinity))

const breakersArb = optional(
  { maxConnections: limit, maxPendingRequests: limit, maxRequests: limit, maxRetries: limit },
  { retryBudget: optional({ percent: share, minRetryConcurrency: fc.nat(9) }, { intervalMs: ms }) },
)

const some = fc.integer({ min: 1, max: 9 })
/** Neither never nor always. */
const chance = fc.integer({ min: 1, max: 99 }).map((percent) => percent / 100)
const enforced = fc.integer({ min: 1, max: 100 }).map((percent) => percent / 100)

const outlierArb: fc.Arbitrary<OutlierDetection> = optional(
  {
    consecutive5xx: some,
    consecutiveGatewayFailure: fc.nat(9),
    splitExternalLocalOriginErrors: fc.boolean(),
    consecutiveLocalOriginFailure: some,
    intervalMs: ms,
    baseEjectionTimeMs: ms,
    maxEjectionTimeMs: ms.map((more) => 10_000_000 + more),
    maxEjectionPercent: share,
  },
  {
    alwaysEjectOneHost: fc.constant(true),
    maxEjectionTimeJitterMs: ms,
    healthCheckEndsEjection: fc.boolean(),
    enforcing: fc.record({ consecutive5xx: chance }),
    successRate: fc.record({
      minimumHosts: some,
      requestVolume: some,
      stdevFactor: fc.constantFrom(0.5, 1.9),
      enforcing: enforced,
      enforcingLocalOrigin: share,
    }),
    failurePercentage: fc.record({
      minimumHosts: some,
      requestVolume: some,
      threshold: share,
      enforcing: enforced,
      enforcingLocalOrigin: share,
    }),
    errorStatusCodes: fc.uniqueArray(fc.constantFrom(404, 500, 503), { minLength: 1 }),
  },
).map((detection) => {
  const said = detection as OutlierDetection
  return said.splitExternalLocalOriginErrors ? said : { ...said, consecutiveLocalOriginFailure: 0 }
})

const ranges = fc.array(fc.record({ from: fc.constantFrom(200, 300), to: fc.constantFrom(301, 400) }), { minLength: 1 })

const timing = {
  initialJitterMs: ms,
  intervalJitterMs: ms,
  intervalJitter: enforced,
  noTrafficIntervalMs: ms,
  noTrafficHealthyIntervalMs: ms,
  unhealthyIntervalMs: ms,
  unhealthyEdgeIntervalMs: ms,
  healthyEdgeIntervalMs: ms,
  reuseConnection: fc.boolean(),
}

const needed = { timeoutMs: ms, intervalMs: ms, unhealthyThreshold: some, healthyThreshold: some }

const healthCheckArb: fc.Arbitrary<HealthCheck> = fc.oneof(
  optional(
    { ...needed, kind: fc.constant('http' as const), path: text.map((part) => `/${part}`) },
    {
      ...timing,
      host: text,
      method: fc.constantFrom('GET', 'HEAD', 'POST', 'OPTIONS'),
      expectedStatuses: ranges,
      retriableStatuses: ranges,
      headers: fc.array(fc.record({ name: text, value: text }), { minLength: 1, maxLength: 2 }),
      serviceName: fc.record({ kind: fc.constantFrom('exact', 'prefix'), value: text }),
      protocol: fc.constant('http2' as const),
    },
  ),
  optional(
    { ...needed, kind: fc.constant('tcp' as const), receive: fc.array(bytes, { maxLength: 2 }) },
    { ...timing, send: bytes },
  ),
  optional({ ...needed, kind: fc.constant('grpc' as const), serviceName: text }, { ...timing, authority: text }),
)

const adaptiveArb = fc.record(
  {
    throttling: fc.record({ k: some, windowMs: ms, maxRejection: share }),
    concurrency: fc.record({ initial: some, min: some, max: some, tolerance: some, windowMs: ms }),
    hedging: fc.record({ percentile: share, minDelayMs: ms, maxBlockedMs: ms }),
    retriesInTime: fc.constant(true),
    loopCorrection: fc.record({ maxGraceMs: ms }),
  },
  { requiredKeys: [], noNullPrototype: true },
)

const file = text.map((name) => `/certs/${name}.pem`)

const tlsArb: fc.Arbitrary<UpstreamTls> = optional(
  { subjectAltNames: fc.array(fc.oneof(text, fc.constant('spiffe://a/b')), { maxLength: 2 }), verify: fc.boolean() },
  { caFile: file, serverName: text, own: file },
).map(({ own, ...tls }) => ({
  ...tls,
  ...(own === undefined ? {} : { certificateFile: own, privateKeyFile: `${own}.key` }),
}))

const tlsMatchArb = fc.oneof(optional({ labels }, { tls: tlsArb }), fc.record({ labels, unavailable: text }))
