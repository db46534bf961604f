// Hygiene of texts: duplicate keys, null values, deep snake_case, and what strict makes of it. SEMANTICS 0 and 1.1.
import { expect, test } from 'vitest'
import type { Problem } from '@proxyless/core/spi'
import {
  REVIEWS,
  SERVICES,
  bookinfo,
  destinationRule,
  document,
  hostOf,
  optionsFor,
  virtualService,
} from '../bookinfo.suite.ts'
import { check } from '../mesh-source.ts'

async function problemsIn(text: string, strict = false): Promise<readonly Problem[]> {
  return (
    await check(
      [
        { name: 'services', text: SERVICES },
        { name: 'a', text },
      ],
      optionsFor({ strict }),
    )
  ).problems
}

test.each([
  ['{"kind": "Service", "kind": "Service"}', 1, 21],
  ['{\n\t"apiVersion": "v1",\n\t"spec": {"x": 1,\n\t\t"y": 2, "\\u0078": 3}\n}', 4, 11],
  ['[{"a": "\\": 1, \\"a\\": 2", "b": [{"c": {}, "c": []}]}]', 1, 43],
])('0: the JSON text %j is refused for its duplicate key', async (text, line, column) => {
  expect(await problemsIn(text)).toMatchObject([{ code: 'YAML_DUPLICATE_KEY', severity: 'error', line, column }])
})

test('0: colons and quotes in JSON values are no keys', async () => {
  const value = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'x', labels: { a: '"a": 1, "a": 2', 'b"': 'c:' } },
    spec: {},
  }
  expect(await problemsIn(JSON.stringify(value))).toEqual([])
})

test('0: under strict a document with several questionable words is refused once, its neighbours in a list stay', async () => {
  const item = (name: string, word: string): string =>
    `- apiVersion: v1\n  kind: Service\n  metadata: {name: ${name}, labels: {${word}: ${word}}}\n  spec: {ports: [{port: 80}]}\n`
  const text = `apiVersion: v1\nkind: List\nitems:\n${item('one', 'fine')}${item('two', 'yes')}${item('three', 'fine')}`
  const { config, problems } = await check([{ name: 'a', text }], optionsFor({ strict: true }))
  expect(config.virtualHosts.map(({ name }) => name.split('.')[0])).toEqual(['one', 'three'])
  expect(problems).toMatchObject(
    Array.from({ length: 2 }, () => ({
      code: 'CFG_YAML11_BOOL',
      severity: 'error',
      outcome: 'void',
      resource: 'Service bookinfo/two',
    })),
  )
})

test('0: a resource that appears twice is an error under strict', async () => {
  const twice = destinationRule('r', 'host: reviews\nsubsets: [{name: v1}]')
  expect(await problemsIn(`${twice}---\n${twice}`)).toMatchObject([{ code: 'DUPLICATE_RESOURCE', severity: 'warning' }])
  expect(await problemsIn(`${twice}---\n${twice}`, true)).toMatchObject([
    { code: 'DUPLICATE_RESOURCE', severity: 'error' },
  ])
})

test('0: snake_case is read at every depth', async () => {
  const spec =
    'host: reviews\nsubsets:\n- name: v1\n  traffic_policy:\n    port_level_settings:\n    - port: {number: 9080}\n      connection_pool: {tcp: {max_connections: 5, tcp_keepalive: null}}'
  const config = await bookinfo([destinationRule('r', spec)])
  expect(config.problems).toEqual([])
  expect(config.clusters.get(`outbound|9080|v1|${REVIEWS}`)?.circuitBreakers.maxConnections).toBe(5)
})

test('1.1: null means not set, but a null matcher is a mistake', async () => {
  const route = (rest: string): string =>
    virtualService('r', `hosts: [reviews]\nhttp:\n- ${rest}\n  route: [{destination: {host: reviews}}]`)
  const config = await bookinfo([route('name: mine\n  headers: {request: null, response: {set: {x: "1"}}}')])
  expect(config.problems).toEqual([])
  expect(hostOf(config, `${REVIEWS}:9080`).routes[0]?.name).toBe('mine')
  for (const field of ['headers', 'queryParams']) {
    const { problems } = await bookinfo([route(`match: [{${field}: {x: null}}]`)])
    expect(problems).toMatchObject([{ code: 'INVALID_VALUE', path: `spec.http[0].match[0].${field}.x` }])
  }
})

test('3.7: te may carry trailers, other hop-by-hop headers are warned of', async () => {
  const set = (header: string): string =>
    document(
      'VirtualService',
      'r',
      `hosts: [reviews]\nhttp:\n- headers: {request: {set: {${header}}}}\n  route: [{destination: {host: reviews}}]`,
    )
  expect((await bookinfo([set('te: trailers')])).problems).toEqual([])
  expect((await bookinfo([set('te: gzip')])).problems).toMatchObject([{ code: 'HOP_BY_HOP_HEADER' }])
})

test('3.7: a header value may be of any letters, and holds no control characters', async () => {
  const set = (value: string): string =>
    virtualService(
      'r',
      `hosts: [reviews]\nhttp:\n- headers: {response: {set: {x-team: ${value}}}}\n  route: [{destination: {host: reviews}}]`,
    )
  expect((await bookinfo([set('Müller')])).problems).toEqual([])
  expect((await bookinfo([set('"a\\nb"')])).problems).toMatchObject([
    { code: 'INVALID_VALUE', path: 'spec.http[0].headers.response.set.x-team' },
  ])
})

test.each([
  ['method: {exact: get}', 'match[0].method.exact', 'write GET'],
  ['uri: {prefix: beta}', 'match[0].uri.prefix', 'write "/beta"'],
  ['uri: {exact: beta}', 'match[0].uri.exact', 'write "/beta"'],
])('3.1: a match that can never hold is warned of: %s', async (match, path, words) => {
  const text = virtualService(
    'r',
    `hosts: [reviews]\nhttp:\n- match: [{${match}}]\n  route: [{destination: {host: reviews}}]`,
  )
  const problem = (await problemsIn(text)).find(({ code }) => code === 'MATCH_NEVER')
  expect(problem).toMatchObject({ severity: 'warning', path: `spec.http[0].${path}` })
  expect(problem?.message).toContain(words)
})

test('4: a perTryTimeout that is not below the timeout is warned of', async () => {
  const route = (perTry: string): string =>
    virtualService(
      'r',
      `hosts: [reviews]\nhttp:\n- timeout: 2s\n  retries: {attempts: 2, retryOn: 5xx, perTryTimeout: ${perTry}}\n  route: [{destination: {host: reviews}}]`,
    )
  expect(await problemsIn(route('1s'))).toEqual([])
  expect(await problemsIn(route('3s'))).toMatchObject([{ code: 'PER_TRY_TIMEOUT_INERT', severity: 'warning' }])
})

test('2.8: a rule for no service, and settings of no port, are warned of', async () => {
  const settings = 'trafficPolicy: {portLevelSettings: [{port: {number: 1}, loadBalancer: {simple: RANDOM}}]}'
  expect(await problemsIn(destinationRule('a', 'host: nobody'))).toMatchObject([
    { code: 'RULE_INERT', path: 'spec.host' },
  ])
  const [problem] = await problemsIn(destinationRule('b', `host: reviews\n${settings}`))
  expect(problem).toMatchObject({ code: 'RULE_INERT', path: 'spec.trafficPolicy.portLevelSettings[0].port.number' })
  expect(problem?.message).toContain('has no port 1, only 9080')
})

test('2.8: of two rules for one host the younger trafficPolicy is not used, and both are named', async () => {
  const rule = (name: string): string =>
    destinationRule(name, 'host: reviews\ntrafficPolicy: {loadBalancer: {simple: RANDOM}}')
  const problem = (await problemsIn(`${rule('a')}---\n${rule('b')}`)).find(({ code }) => code === 'POLICY_DUPLICATE')
  expect(problem).toMatchObject({ resource: 'DestinationRule bookinfo/b', path: 'spec.trafficPolicy' })
  expect(problem?.message).toContain('DestinationRule bookinfo/a')
})
