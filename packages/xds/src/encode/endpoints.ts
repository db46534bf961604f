// Endpoints of a cluster -> ClusterLoadAssignment: a group for each priority and locality.
// The hot part of encoding: messages are written out whole instead of being filled in by the codecs.
import type { Cluster, Endpoint, Locality } from '@proxyless/core/spi'
import type { ClusterLoadAssignment } from '../generated/envoy/config/endpoint/v3/endpoint.ts'
import type { LbEndpoint, LocalityLbEndpoints } from '../generated/envoy/config/endpoint/v3/endpoint_components.ts'
import type { Address } from '../generated/envoy/config/core/v3/address.ts'
import { fraction } from './values.ts'
import { writePositions } from '../own/positions.ts'
import { type Own, ownMetadata } from '../own/metadata.ts'
import type { EncoderOptions } from './encoder.ts'

interface Group {
  readonly locality: Locality
  readonly priority: number
  readonly endpoints: Endpoint[]
  /** Where each stands in the model. */
  readonly positions: number[]
  weight: number | undefined
}

export function writeAssignment(
  cluster: Cluster,
  endpoints: readonly Endpoint[],
  dialect: EncoderOptions['dialect'],
): ClusterLoadAssignment {
  const { name, localities } = cluster
  const weights = localities?.kind === 'weighted' ? localities.weights : undefined
  const groups = new Groups()
  // localities in the order of their weights, endpoints in their own
  for (const { locality, priority, weight } of weights ?? []) groups.of(locality, priority).weight = weight
  for (let n = 0; n < endpoints.length; n++) groups.add(endpoints[n]!, n)
  const mixed = groups.areMixed()
  const written = groups.all().map((group) => writeGroup(group, mixed, weights !== undefined, dialect))
  return {
    clusterName: name,
    endpoints: dialect === 'api' ? [...written, ...gaps(written)] : written,
    namedEndpoints: {},
    policy: policyOf(cluster),
  }
}

function policyOf({ overprovisioningFactor: factor, drops = [] }: Cluster): ClusterLoadAssignment['policy'] {
  if (factor === undefined && drops.length === 0) return undefined
  return {
    dropOverloads: drops.map(({ category, percent }) => ({ category, dropPercentage: fraction(percent) })),
    overprovisioningFactor: factor === undefined ? undefined : Math.round(factor * 100),
    endpointStaleAfter: undefined,
    weightedPriorityHealth: false,
  }
}

/** Endpoints by priority and locality; localities are mostly shared objects. */
class Groups {
  readonly #byKey = new Map<string, Group>()
  #last: Group | undefined

  all(): readonly Group[] {
    return [...this.#byKey.values()]
  }

  add(endpoint: Endpoint, position: number): void {
    const last = this.#last
    const group =
      last !== undefined && last.locality === endpoint.locality && last.priority === endpoint.priority
        ? last
        : this.of(endpoint.locality, endpoint.priority)
    this.#last = group
    group.endpoints.push(endpoint)
    group.positions.push(position)
  }

  of(locality: Locality, priority: number): Group {
    const key = `${priority}\n${locality.region}\n${locality.zone}\n${locality.subzone}`
    const known = this.#byKey.get(key)
    if (known !== undefined) return known
    const group: Group = { locality, priority, endpoints: [], positions: [], weight: undefined }
    this.#byKey.set(key, group)
    return group
  }

  /** The groups one after the other are not the model's order. */
  areMixed(): boolean {
    let next = 0
    for (const { positions } of this.#byKey.values()) for (const at of positions) if (at !== next++) return true
    return false
  }
}

function writeGroup(
  { locality, priority, endpoints, positions, weight }: Group,
  mixed: boolean,
  weighted: boolean,
  dialect: EncoderOptions['dialect'],
): LocalityLbEndpoints {
  // gRPC takes nothing from a locality without weight: right where localities are weighted, wrong where they make no difference
  const needed = dialect === 'api' && !weighted ? 1 : undefined
  const own: Own = {
    ...(mixed ? { positions: writePositions(positions) } : {}),
    ...(weighted && weight === undefined ? { unweighted: true } : {}),
  }
  return {
    locality: { region: locality.region, zone: locality.zone, subZone: locality.subzone },
    metadata: Object.keys(own).length === 0 ? undefined : ownMetadata(own),
    lbEndpoints: endpoints.map(writeEndpoint),
    lbConfig: undefined,
    loadBalancingWeight: weight ?? needed,
    priority,
    proximity: undefined,
  }
}

/** gRPC refuses an assignment that skips a priority, and does not see groups without weight. */
function gaps(groups: readonly LocalityLbEndpoints[]): LocalityLbEndpoints[] {
  const seen = groups.filter(({ loadBalancingWeight }) => loadBalancingWeight !== undefined)
  const priorities = new Set(seen.map(({ priority }) => priority))
  const missing: LocalityLbEndpoints[] = []
  for (let priority = Math.max(-1, ...priorities) - 1; priority >= 0; priority--) {
    if (!priorities.has(priority)) missing.push({ ...filler, priority })
  }
  return missing
}

const filler: LocalityLbEndpoints = {
  locality: { region: '', zone: '', subZone: 'nobody' },
  metadata: ownMetadata({ filler: true }),
  lbEndpoints: [],
  lbConfig: undefined,
  loadBalancingWeight: 1,
  priority: 0,
  proximity: undefined,
}

const none: NonNullable<Endpoint['additionalAddresses']> = []

/** Envoy's numbers; healthy is what is presumed where nothing is said. */
const healths = { healthy: 0, unhealthy: 2, draining: 3, degraded: 5 } as const

function writeEndpoint(endpoint: Endpoint): LbEndpoint {
  const { hostname = '', healthCheck, health, weight, additionalAddresses = none } = endpoint
  return {
    hostIdentifier: {
      $case: 'endpoint',
      value: {
        address: addressOf(endpoint),
        healthCheckConfig:
          healthCheck === undefined
            ? undefined
            : {
                portValue: healthCheck.port ?? 0,
                hostname: healthCheck.hostname ?? '',
                address: undefined,
                disableActiveHealthCheck: healthCheck.disabled ?? false,
              },
        hostname,
        additionalAddresses: additionalAddresses.map((each) => ({ address: addressOf(each) })),
      },
    },
    healthStatus: healths[health],
    metadata: metadataOf(endpoint),
    loadBalancingWeight: weight === 1 ? undefined : weight,
  }
}

function metadataOf({ labels, tlsLabels, hashName, name }: Endpoint): LbEndpoint['metadata'] {
  const lb = hashName === undefined ? labels : { ...labels, hash_key: hashName }
  return ownMetadata(name === undefined ? undefined : { name }, {
    ...(Object.keys(lb).length === 0 ? {} : { 'envoy.lb': lb }),
    ...(tlsLabels === undefined ? {} : { 'envoy.transport_socket_match': tlsLabels }),
  })
}

function addressOf({ address, port }: Pick<Endpoint, 'address' | 'port'>): Address {
  if (address.startsWith('unix://')) {
    return { address: { $case: 'pipe', value: { path: address.slice('unix://'.length), mode: 0 } } }
  }
  return {
    address: {
      $case: 'socketAddress',
      value: {
        protocol: 0,
        address,
        portSpecifier: { $case: 'portValue', value: port },
        resolverName: '',
        ipv4Compat: false,
      },
    },
  }
}
