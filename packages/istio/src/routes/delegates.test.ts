// Roots and delegates, match by match: SEMANTICS 2.5.
import { expect, test } from 'vitest'
import { REVIEWS, SUBSETS, bookinfo, forwardOf, hostOf, problemsOf, virtualService } from '../bookinfo.suite.ts'
import type { Route } from '@proxyless/core/spi'

async function merged(root: string, delegate: string, namespace = 'bookinfo'): Promise<readonly Route[]> {
  return hostOf(await configOf(root, delegate, namespace), `${REVIEWS}:9080`).routes
}

async function configOf(root: string, delegate: string, namespace = 'bookinfo'): ReturnType<typeof bookinfo> {
  return bookinfo([
    SUBSETS,
    virtualService(
      'root',
      `hosts: [reviews]\nhttp:\n- {match: [${root}], delegate: {name: d, namespace: ${namespace}}}\n- {name: last, route: [{destination: {host: reviews}}]}`,
    ),
    virtualService('d', `http:\n- {match: [${delegate}], route: [{destination: {host: reviews}}]}`, namespace),
  ])
}

const headersOf = ({ match }: Route): string[] => match.headers.map(({ name }) => name)

test('2.5: each match of a delegate is joined with every match of its root that it fits', async () => {
  const routes = await merged('{headers: {a: {}}}, {headers: {b: {}}}', '{uri: {prefix: /x}}, {uri: {prefix: /y}}')
  expect(routes.map((route) => [route.match.path.value, ...headersOf(route)])).toEqual([
    ['/x', 'a'],
    ['/x', 'b'],
    ['/y', 'a'],
    ['/y', 'b'],
    ['/'],
  ])
  expect(routes.slice(0, 4).map(({ origin }) => origin.path)).toEqual([
    'spec.http[0].match[0]',
    'spec.http[0].match[0]',
    'spec.http[0].match[1]',
    'spec.http[0].match[1]',
  ])
})

test.each([
  ['ignoreUriCase must be equal', '{uri: {prefix: /a}, ignoreUriCase: true}', '{headers: {x: {}}}'],
  ['sourceNamespace must be equal', '{sourceNamespace: bookinfo}', '{headers: {x: {}}}'],
  ['ports must be equal', '{port: 9080}', '{port: 80}'],
  ['exact headers must not contradict', '{headers: {x: {exact: a}}}', '{headers: {x: {exact: b}}}'],
  ['a header prefix must be a subset', '{headers: {x: {exact: a}}}', '{headers: {x: {prefix: a}}}'],
  ['two patterns conflict', '{uri: {regex: "/a.*"}}', '{uri: {regex: "/a"}}'],
  ['gateways must be among the root ones', '{gateways: [mesh]}', '{gateways: [mesh, gw]}'],
  ['source labels must not contradict', '{sourceLabels: {app: c}}', '{sourceLabels: {app: d}}'],
])('2.5: %s', async (_name, root, delegate) => {
  const config = await configOf(root, delegate)
  expect(hostOf(config, `${REVIEWS}:9080`).routes.map(({ name }) => name)).toEqual(['last'])
  expect(problemsOf(config, 'DELEGATE_CONFLICT')).toEqual(['warning VirtualService bookinfo/d spec.http[0]'])
})

test.each([
  ['an exact header within a prefix', '{headers: {x: {prefix: a}}}', '{headers: {x: {exact: ab}}}'],
  ['a pattern where the root says nothing', '{headers: {x: {}}}', '{uri: {regex: "/a"}}'],
  ['a namespace where the root says nothing', '{uri: {prefix: /a}}', '{sourceNamespace: bookinfo}'],
])('2.5: %s is within', async (_name, root, delegate) => {
  expect(await merged(root, delegate)).toHaveLength(2)
})

test("2.1: a delegate's destinations are of its own namespace", async () => {
  const routes = await merged('{uri: {prefix: /}}', '{uri: {prefix: /x}}', 'other')
  expect(forwardOf(routes[0]).clusters[0]?.cluster).toBe('outbound|9080||reviews.other.svc.cluster.local')
})
