// Which VirtualService takes a host, and on which ports: SEMANTICS 2.3, 2.4 and 2.7.
import { expect, test } from 'vitest'
import {
  REVIEWS,
  SUBSETS,
  bookinfo,
  clustersOf,
  destinationRule,
  document,
  forwardOf,
  hostOf,
  problemsOf,
  virtualService,
} from '../bookinfo.suite.ts'

const REVIEWS_HOST = `${REVIEWS}:9080`
const v = (subset: string): string => `outbound|9080|${subset}|${REVIEWS}`
const to = (subset: string): string => `http:\n- route: [{destination: {host: ${REVIEWS}, subset: ${subset}}}]`

test('2.4: a private VirtualService comes before older ones of other namespaces, even if exported further too', async () => {
  const config = await bookinfo([
    SUBSETS,
    virtualService('theirs', `hosts: [${REVIEWS}]\nexportTo: [bookinfo]\n${to('v1')}`, 'other'),
    virtualService('ours', `hosts: [reviews]\nexportTo: [., other]\n${to('v2')}`),
  ])
  expect(clustersOf(hostOf(config, REVIEWS_HOST))).toEqual([v('v2')])
})

test('2.4: exported by name comes before public, whoever is older', async () => {
  const config = await bookinfo([
    SUBSETS,
    virtualService('public', `hosts: [reviews]\n${to('v1')}`),
    virtualService('named', `hosts: [${REVIEWS}]\nexportTo: [bookinfo]\n${to('v2')}`, 'other'),
  ])
  expect(clustersOf(hostOf(config, REVIEWS_HOST))).toEqual([v('v2')])
})

test('2.4: exportTo ~ is for nobody, another namespace is not ours', async () => {
  const config = await bookinfo([
    SUBSETS,
    virtualService('nobody', `hosts: [reviews]\nexportTo: ["~"]\n${to('v1')}`),
    virtualService('theirs', `hosts: [${REVIEWS}]\nexportTo: [third]\n${to('v1')}`, 'other'),
  ])
  expect(hostOf(config, REVIEWS_HOST).routes[0]?.name).toBe('default')
})

test('2.4: the longest wildcard wins, whatever its namespace or age', async () => {
  const config = await bookinfo([
    SUBSETS,
    virtualService('wide', `hosts: ["*.cluster.local"]\n${to('v1')}`),
    virtualService('narrow', `hosts: ["*.bookinfo.svc.cluster.local"]\n${to('v2')}`, 'other'),
  ])
  expect(clustersOf(hostOf(config, REVIEWS_HOST))).toEqual([v('v2')])
})

test('C010: a VirtualService without routes leaves its hosts to the next one', async () => {
  const config = await bookinfo([
    SUBSETS,
    virtualService('skeleton', 'hosts: [reviews]'),
    virtualService('real', `hosts: [reviews]\n${to('v2')}`),
  ])
  expect(clustersOf(hostOf(config, REVIEWS_HOST))).toEqual([v('v2')])
  expect(problemsOf(config, 'VS_HOST_CONFLICT')).toEqual([])
})

test('2.9: with httpsAsL7 false, https calls to a host that no service has are left alone', async () => {
  const config = await bookinfo([SUBSETS, virtualService('b', `hosts: [bookinfo.com]\n${to('v1')}`)], {
    httpsAsL7: false,
  })
  const claims = config.virtualHosts.filter(({ domains }) => domains.includes('bookinfo.com'))
  // An earlier host wins a domain that two claim.
  expect(claims.map(({ port, routes }) => [port, forwardOf(routes[0]).clusters[0]?.cluster])).toEqual([
    [443, 'PassthroughCluster'],
    [undefined, v('v1')],
  ])
})

test('2.7: a request port that a service of several ports does not have leads nowhere', async () => {
  const config = await bookinfo([
    virtualService('m', 'hosts: [multi.test]\nhttp:\n- route: [{destination: {host: multi}}]'),
  ])
  const [cluster = ''] = clustersOf(hostOf(config, 'multi.test'))
  expect(config.clusters.has(cluster)).toBe(false)
  expect(clustersOf(hostOf(config, 'multi.test:8080'))).toEqual(['outbound|8080||multi.bookinfo.svc.cluster.local'])
})

test.each([
  ['the service has the request port', 'hosts: [reviews]', REVIEWS, []],
  ['a sidecar would find it on port 80', 'hosts: [bookinfo.com]', 'other.other.svc.cluster.local', []],
  ['its only port stands in for another', 'hosts: [bookinfo.com]', REVIEWS, ['spec.http[0].route[0].destination']],
  ['its only port stands in for those of a service', 'hosts: [multi]', REVIEWS, ['spec.http[0].route[0].destination']],
])('2.7: of a destination without port, where %s', async (_name, hosts, host, paths) => {
  const { problems } = await bookinfo([
    virtualService('r', `${hosts}\nhttp:\n- route: [{destination: {host: ${host}}}]`),
  ])
  expect(problems.map(({ code, path }) => `${code} ${path}`)).toEqual(paths.map((path) => `DEST_PORT_INFERRED ${path}`))
})

test('2.7: a route that no call of a port can take infers nothing for it', async () => {
  const route = `http:\n- {match: [{port: 9080}], route: [{destination: {host: ${REVIEWS}}}]}`
  expect((await bookinfo([virtualService('r', `hosts: [multi, reviews]\n${route}`)])).problems).toEqual([])
})

test('2.3: destinations may use the other name, and a chain that leads nowhere is no name of anything', async () => {
  const alias = (name: string, target: string): string =>
    `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: bookinfo}\nspec: {type: ExternalName, externalName: ${target}}\n`
  const config = await bookinfo([
    alias('opinions', REVIEWS),
    alias('x', 'y.bookinfo.svc.cluster.local'),
    alias('y', 'x.bookinfo.svc.cluster.local'),
    virtualService('b', 'hosts: [bookinfo.com]\nhttp:\n- route: [{destination: {host: opinions}}]'),
  ])
  expect(clustersOf(hostOf(config, 'bookinfo.com'))).toEqual([`outbound|9080||${REVIEWS}`])
  expect(hostOf(config, REVIEWS_HOST).domains).toContain('opinions')
})

test('2.3: an ExternalName that names a service of the mesh is one more name of it', async () => {
  const alias = (name: string, target: string): string =>
    `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: bookinfo}\nspec: {type: ExternalName, externalName: ${target}, ports: [{port: 9080, name: http}]}\n`
  const config = await bookinfo([alias('opinions', REVIEWS), alias('second', 'opinions.bookinfo.svc.cluster.local')])
  const { domains } = hostOf(config, REVIEWS_HOST)
  expect(domains).toEqual(expect.arrayContaining(['opinions', 'opinions.bookinfo', 'second.bookinfo.svc']))
  expect(config.virtualHosts.some(({ name }) => name.startsWith('opinions'))).toBe(false)
})

test('C067: a mirror that leads nowhere is said to lose copies, not requests', async () => {
  const config = await bookinfo([
    virtualService('r', 'hosts: [reviews]\nhttp:\n- route: [{destination: {host: reviews}}]\n  mirror: {host: nobody}'),
  ])
  const problem = config.problems.find(({ code }) => code === 'DEST_UNKNOWN_HOST')
  expect(problem).toMatchObject({ path: 'spec.http[0].mirror.host' })
  expect(problem?.message).toContain('no copies are sent')
  expect(problem?.message).not.toContain('503')
})

test('2.8: the hash key of a rule for one port counts where the destination names that port', async () => {
  const rule = destinationRule(
    'r',
    'host: reviews\ntrafficPolicy: {portLevelSettings: [{port: {number: 9080}, loadBalancer: {consistentHash: {httpHeaderName: x}}}]}',
  )
  const route = (destination: string): string =>
    virtualService('r', `hosts: [reviews]\nhttp:\n- route: [{destination: ${destination}}]`)
  const keys = async (...documents: string[]): Promise<number> =>
    forwardOf(hostOf(await bookinfo([rule, ...documents]), REVIEWS_HOST).routes[0]).hashPolicies.length
  expect(await keys()).toBe(1)
  expect(await keys(route('{host: reviews}'))).toBe(0)
  expect(await keys(route('{host: reviews, port: {number: 9080}}'))).toBe(1)
})

test('2.3: hosts outside the mesh domain have only their own name and addresses', async () => {
  const entry = document(
    'ServiceEntry',
    'x',
    'hosts: [X.test]\naddresses: [10.1.1.1, 10.2.0.0/16]\nports: [{number: 80, name: http}]\nresolution: STATIC',
  )
  expect(hostOf(await bookinfo([entry]), 'x.test:80').domains).toEqual(['x.test', 'x.test.', '10.1.1.1'])
})
