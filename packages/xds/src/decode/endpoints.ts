// ClusterLoadAssignment: addresses, their localities, priorities and weights.
import type { DropPolicy, Endpoint, Locality, LocalityWeight } from '@proxyless/core/spi'
import type { Address } from '../generated/envoy/config/core/v3/address.ts'
import { ClusterLoadAssignment } from '../generated/envoy/config/endpoint/v3/endpoint.ts'
import {
  type Endpoint_AdditionalAddress,
  type Endpoint_HealthCheckConfig,
  LbEndpoint,
  LocalityLbEndpoints,
} from '../generated/envoy/config/endpoint/v3/endpoint_components.ts'
import { type Piecewise, whole } from '../piecewise.ts'
import { ownOf, textIn } from '../own/metadata.ts'
import { placed, readPositions } from '../own/positions.ts'
import { ENDPOINT_FIELDS } from './fields/endpoint-fields.ts'
import { fractionOf } from './percent.ts'
import { takeApart } from './pieces.ts'
import type { Reading } from './reading.ts'
import type { EndpointsResource } from './resources.ts'
import { sharedLabels } from './struct-labels.ts'

const maxWeight = 2 ** 32 - 1
const noLabels: Readonly<Record<string, unknown>> = {}
const none: NonNullable<Endpoint['additionalAddresses']> = []
const noLocality: Locality = { region: '', zone: '', subzone: '' }

/** The endpoints of a group may be decoded while they are read: one of ten thousand is never there as a message whole. */
interface Group extends Omit<LocalityLbEndpoints, 'lbEndpoints'> {
  readonly lbEndpoints: Iterable<LbEndpoint>
}

export function readEndpoints(reading: Reading, assignment: ClusterLoadAssignment): EndpointsResource {
  return whole(read(reading, assignment, assignment.endpoints))
}

/** @throws when the bytes are no assignment. */
export function* readEndpointsBytes(reading: Reading, bytes: Uint8Array): Piecewise<EndpointsResource> {
  const pieces = takeApart(bytes, 2)
  return yield* read(reading, ClusterLoadAssignment.decode(pieces.rest), decodedGroups(pieces.cut()))
}

function* decodedGroups(groups: Iterable<Uint8Array>): Generator<Group> {
  for (const bytes of groups) {
    const pieces = takeApart(bytes, 2)
    yield { ...LocalityLbEndpoints.decode(pieces.rest), lbEndpoints: pieces.decoded(LbEndpoint) }
  }
}

function* read(
  reading: Reading,
  assignment: ClusterLoadAssignment,
  groups: Iterable<Group>,
): Piecewise<EndpointsResource> {
  const endpoints: Endpoint[] = []
  const weights: LocalityWeight[] = []
  const addresses = new Set<string>()
  const localities = new Set<string>()
  const totals = new Map<number, number>()
  const positions: number[] = []
  let n = 0
  for (const group of groups) {
    const path = `endpoints[${n}]`
    n++
    const locality = readLocality(reading, path, group, localities)
    const weight = group.loadBalancingWeight ?? 0
    if (weight > 0) totals.set(group.priority, (totals.get(group.priority) ?? 0) + weight)
    const own = ownOf(group.metadata)
    if (own?.['filler'] === true) continue
    if (weight > 0) weights.push({ locality, priority: group.priority, weight })
    // gRPC takes nothing from a locality without weight
    if (weight > 0 || reading.options.dialect === 'sidecar' || own?.['unweighted'] === true) {
      const from = endpoints.length
      yield* readGroup(reading, path, group, locality, addresses, endpoints)
      positions.push(...(readPositions(textIn(own, 'positions'), endpoints.length - from) ?? []))
    }
  }
  checkPriorities(reading, totals)
  reading.tell('', assignment, ENDPOINT_FIELDS.ClusterLoadAssignment)
  reading.tell('policy', assignment.policy, ENDPOINT_FIELDS.ClusterLoadAssignmentPolicy)
  const factor = assignment.policy?.overprovisioningFactor
  return {
    name: assignment.clusterName,
    notes: reading.notes,
    endpoints: positions.length === endpoints.length ? placed(endpoints, positions) : endpoints,
    weights,
    overprovisioningFactor: factor === undefined ? undefined : factor / 100,
    drops: readDrops(reading, assignment),
  }
}

function readLocality(reading: Reading, path: string, { locality, priority }: Group, seen: Set<string>): Locality {
  const strict = reading.options.dialect === 'api'
  if (locality === undefined) {
    if (strict) reading.refuse(`${path}.locality`, 'is missing')
    return noLocality
  }
  const key = `${priority} ${locality.region}/${locality.zone}/${locality.subZone}`
  if (strict && seen.has(key)) reading.refuse(`${path}.locality`, `appears twice in priority ${priority}`)
  seen.add(key)
  return { region: locality.region, zone: locality.zone, subzone: locality.subZone }
}

function* readGroup(
  reading: Reading,
  path: string,
  group: Group,
  locality: Locality,
  addresses: Set<string>,
  into: Endpoint[],
): Piecewise<void> {
  let total = 0
  if (group.lbConfig?.$case === 'ledsClusterLocalityConfig') reading.note(path, 'endpoints by LEDS are not applied')
  const list = group.lbConfig?.$case === 'loadBalancerEndpoints' ? group.lbConfig.value.lbEndpoints : group.lbEndpoints
  let n = 0
  for (const each of list) {
    const at = `${path}.lb_endpoints[${n}]`
    n++
    yield
    const endpoint = readEndpoint(reading, at, each, locality, group.priority)
    if (endpoint === undefined) continue
    total += endpoint.weight
    takeAddress(reading, at, endpoint, addresses)
    for (const each of endpoint.additionalAddresses ?? none) takeAddress(reading, at, each, addresses)
    into.push(endpoint)
  }
  if (total > maxWeight) reading.refuse(path, 'weights of endpoints add up to more than 4294967295')
}

/** gRPC knows endpoints by their addresses: each has one endpoint. */
function takeAddress(
  reading: Reading,
  path: string,
  { address, port }: Pick<Endpoint, 'address' | 'port'>,
  seen: Set<string>,
): void {
  const key = `${address} ${port}`
  if (seen.has(key) && reading.options.dialect === 'api') {
    reading.refuse(path, `the address ${address}:${port} appears twice`)
  }
  seen.add(key)
}

function readEndpoint(
  reading: Reading,
  path: string,
  said: LbEndpoint,
  locality: Locality,
  priority: number,
): Endpoint | undefined {
  const identified = said.hostIdentifier
  if (identified?.$case !== 'endpoint') {
    reading.refuse(path, 'an endpoint without an address')
    return undefined
  }
  const place = addressOf(identified.value.address)
  if (place === undefined) {
    reading.refuse(`${path}.address`, 'neither a socket address nor a pipe')
    return undefined
  }
  reading.tell(`${path}.endpoint`, identified.value, ENDPOINT_FIELDS.Endpoint)
  reading.tell(
    `${path}.health_check_config`,
    identified.value.healthCheckConfig,
    ENDPOINT_FIELDS.EndpointHealthCheckConfig,
  )
  if (said.loadBalancingWeight === 0) reading.refuse(`${path}.load_balancing_weight`, 'must be above 0')
  const { hash_key: hashName, ...lb } = said.metadata?.filterMetadata['envoy.lb'] ?? noLabels
  const name = textIn(ownOf(said.metadata), 'name')
  const tls = said.metadata?.filterMetadata['envoy.transport_socket_match']
  const { hostname, healthCheckConfig, additionalAddresses } = identified.value
  // all alike at first: there may be a hundred thousand
  const endpoint: { -readonly [K in keyof Endpoint]: Endpoint[K] } = {
    address: place.address,
    port: place.port,
    weight: said.loadBalancingWeight ?? 1,
    health: healthOf(said.healthStatus),
    labels: sharedLabels(lb),
    locality,
    priority,
  }
  // what decides how it is reached
  if (tls !== undefined) endpoint.tlsLabels = sharedLabels(tls)
  if (name !== undefined) endpoint.name = name
  if (hostname !== '') endpoint.hostname = hostname
  if (typeof hashName === 'string') endpoint.hashName = hashName
  if (additionalAddresses.length > 0) endpoint.additionalAddresses = addressesIn(reading, path, additionalAddresses)
  if (healthCheckConfig !== undefined) endpoint.healthCheck = healthCheckOf(healthCheckConfig)
  return endpoint
}

/** Sockets alone: there is one way to a pipe. */
function addressesIn(
  reading: Reading,
  path: string,
  said: readonly Endpoint_AdditionalAddress[],
): NonNullable<Endpoint['additionalAddresses']> {
  return said.flatMap((each, n) => {
    const place = addressOf(each.address)
    if (place !== undefined && place.port !== 0) return [place]
    reading.refuse(`${path}.additional_addresses[${n}]`, 'not a socket address')
    return []
  })
}

/** Where its health is asked for, if not at its own port. */
function healthCheckOf(said: Endpoint_HealthCheckConfig): NonNullable<Endpoint['healthCheck']> {
  const { portValue, hostname, disableActiveHealthCheck } = said
  return {
    ...(portValue === 0 ? {} : { port: portValue }),
    ...(hostname === '' ? {} : { hostname }),
    ...(disableActiveHealthCheck ? { disabled: true } : {}),
  }
}

function addressOf(address: Address | undefined): { address: string; port: number } | undefined {
  const said = address?.address
  if (said?.$case === 'pipe') return { address: `unix://${said.value.path}`, port: 0 }
  if (said?.$case !== 'socketAddress' || said.value.portSpecifier?.$case !== 'portValue') return undefined
  return { address: said.value.address, port: said.value.portSpecifier.value }
}

function healthOf(status: number): Endpoint['health'] {
  // UNKNOWN and HEALTHY are used, DEGRADED if need be, all others not
  if (status <= 1) return 'healthy'
  if (status === 5) return 'degraded'
  return status === 3 ? 'draining' : 'unhealthy'
}

function checkPriorities(reading: Reading, totals: ReadonlyMap<number, number>): void {
  for (const [priority, total] of totals) {
    if (total > maxWeight)
      reading.refuse(`priority ${priority}`, 'weights of localities add up to more than 4294967295')
  }
  if (reading.options.dialect === 'sidecar') return
  for (let priority = 0; priority < totals.size; priority++) {
    if (!totals.has(priority)) reading.refuse('priority', `${priority} is missing`)
  }
}

function readDrops(reading: Reading, { policy }: ClusterLoadAssignment): DropPolicy[] {
  return (policy?.dropOverloads ?? []).flatMap(({ category, dropPercentage }) => {
    const percent = fractionOf(dropPercentage)
    if (percent === undefined) reading.refuse('policy.drop_overloads', 'an unknown denominator')
    return percent === undefined || percent.numerator === 0 ? [] : [{ category, percent }]
  })
}
