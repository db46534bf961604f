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
