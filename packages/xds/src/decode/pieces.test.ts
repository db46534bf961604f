// Taking messages apart, and that a message read in pieces is what it is when it is read whole.
import { expect, test } from 'vitest'
import { ClusterLoadAssignment } from '../generated/envoy/config/endpoint/v3/endpoint.ts'
import { RouteConfiguration } from '../generated/envoy/config/route/v3/route.ts'
import { whole } from '../piecewise.ts'
import { readEndpoints, readEndpointsBytes } from './endpoints.ts'
import { assignment, endpoint, group, optionsFor, route, routeConfig, toCluster } from './messages.suite.ts'
import { nameIn, takeApart } from './pieces.ts'
import { Reading } from './reading.ts'
import { readRouteConfig, readRouteConfigBytes } from './route-config.ts'

const large = assignment('a', [
  group([1, 2], { lbEndpoints: [endpoint(1), endpoint(2, { healthStatus: 5, loadBalancingWeight: 7 })] }),
  group([3], { priority: 1 }),
]).value
const routes = routeConfig('r', [
  { name: 'a', domains: ['a', '*.a'], routes: [route(toCluster('a'))] },
  { name: 'b', domains: ['b'], routes: [route(toCluster('b')), route(toCluster('c'))] },
]).value

/** What is read, or that it cannot be. */
function outcome(read: (reading: Reading) => unknown, dialect: 'api' | 'sidecar' = 'sidecar'): unknown {
  const reading = new Reading(optionsFor(dialect))
  try {
    return { value: read(reading), errors: reading.errors, notes: reading.notes }
  } catch {
    return 'unreadable'
  }
}

const endpointsWhole = (bytes: Uint8Array) => (reading: Reading) =>
  readEndpoints(reading, ClusterLoadAssignment.decode(bytes))
const endpointsInPieces = (bytes: Uint8Array) => (reading: Reading) => whole(readEndpointsBytes(reading, bytes))
const routesWhole = (bytes: Uint8Array) => (reading: Reading) =>
  readRouteConfig(reading, RouteConfiguration.decode(bytes))
const routesInPieces = (bytes: Uint8Array) => (reading: Reading) => whole(readRouteConfigBytes(reading, bytes))

test('a message in pieces is read as it is whole', () => {
  for (const dialect of ['api', 'sidecar'] as const) {
    expect(outcome(endpointsInPieces(large), dialect)).toEqual(outcome(endpointsWhole(large), dialect))
    expect(outcome(routesInPieces(routes), dialect)).toEqual(outcome(routesWhole(routes), dialect))
  }
  expect(outcome(endpointsInPieces(large))).toMatchObject({ value: { endpoints: { length: 3 } } })
  expect(outcome(routesInPieces(routes))).toMatchObject({ value: { name: 'r' } })
})

test('what is cut off is read in pieces as it is whole, or not at all', () => {
  for (let length = 0; length < large.length; length++) {
    const cut = large.subarray(0, length)
    expect(outcome(endpointsInPieces(cut))).toEqual(outcome(endpointsWhole(cut)))
  }
  for (let length = 0; length < routes.length; length++) {
    const cut = routes.subarray(0, length)
    expect(outcome(routesInPieces(cut))).toEqual(outcome(routesWhole(cut)))
  }
})

test('the elements of a field are taken out of a message, and the rest stays in its order', () => {
  const pieces = takeApart(Uint8Array.of(10, 1, 97, 18, 1, 1, 24, 5, 18, 0, 34, 1, 98), 2)
  expect(Array.from(pieces.cut(), (each) => [...each])).toEqual([[1], []])
  expect([...pieces.rest]).toEqual([10, 1, 97, 24, 5, 34, 1, 98])
})

test('the name of a resource is seen before it is decoded, where it stands first', () => {
  expect([large, routes].map(nameIn)).toEqual(['a', 'r'])
  expect([Uint8Array.of(), Uint8Array.of(18, 0), Uint8Array.of(10, 9, 97)].map(nameIn)).toEqual([
    undefined,
    undefined,
    undefined,
  ])
})
