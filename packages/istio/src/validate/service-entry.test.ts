// What ServiceEntries are refused and warned of for: SEMANTICS 1.3.
import { expect, test } from 'vitest'
import { document, optionsFor } from '../bookinfo.suite.ts'
import { check } from '../mesh-source.ts'

async function findingsOf(spec: string): Promise<string[]> {
  const text = document('ServiceEntry', 'x', spec)
  const { problems } = await check([{ name: 'x', text }], optionsFor())
  return problems.map(({ severity, code, path }) => `${severity} ${code} ${path}`)
}

const HTTP = 'ports: [{number: 80, name: http, protocol: HTTP}]'
const DYNAMIC = 'hosts: ["*.x.test"]\nresolution: DYNAMIC_DNS'

test.each([
  [
    'HTTP, HTTP2, GRPC and TLS ports',
    `${DYNAMIC}\nports: [{number: 1, name: a, protocol: HTTP}, {number: 2, name: b, protocol: HTTP2}, {number: 3, name: c, protocol: GRPC}, {number: 4, name: d, protocol: TLS}]`,
    [],
  ],
  [
    'a TCP port',
    `${DYNAMIC}\nports: [{number: 80, name: x, protocol: TCP}]`,
    ['error INVALID_VALUE spec.ports[0].protocol'],
  ],
  ['addresses', `${DYNAMIC}\n${HTTP}\naddresses: [10.0.0.1]`, ['error CONFLICTING_FIELDS spec.addresses']],
  ['endpoints', `${DYNAMIC}\n${HTTP}\nendpoints: [{address: 10.0.0.1}]`, ['error CONFLICTING_FIELDS spec.endpoints']],
  [
    'a host without wildcard',
    `hosts: [x.test]\nresolution: DYNAMIC_DNS\n${HTTP}`,
    ['error INVALID_VALUE spec.hosts[0]'],
  ],
])('1.3: DYNAMIC_DNS with %s', async (_name, spec, expected) => {
  expect(await findingsOf(spec)).toEqual(expected)
})

test('1.3: a wildcard that covers only part of a label is warned of', async () => {
  expect(await findingsOf(`hosts: ["*-a.x.test"]\n${HTTP}`)).toEqual(['warning PARTIAL_WILDCARD spec.hosts[0]'])
  expect(await findingsOf(`hosts: ["*.x.test"]\n${HTTP}`)).toEqual([])
})

test('1.3: a selector without labels is warned of, as it selects every WorkloadEntry', async () => {
  const spec = `hosts: [x.test]\nresolution: STATIC\n${HTTP}\nworkloadSelector: `
  expect(await findingsOf(`${spec}{}`)).toEqual(['warning EMPTY_SELECTOR spec.workloadSelector'])
  expect(await findingsOf(`${spec}{labels: {app: x}}`)).toEqual([])
})

test('1.3: TCP and unnamed ports without addresses are warned of', async () => {
  const ports = 'ports: [{number: 1, name: a, protocol: TCP}, {number: 2, name: b}, {number: 3, name: http-c}]'
  const warnings = ['warning TCP_WITHOUT_ADDRESS spec.ports[0]', 'warning TCP_WITHOUT_ADDRESS spec.ports[1]']
  expect(await findingsOf(`hosts: [x.test]\nresolution: DNS\n${ports}`)).toEqual(warnings)
  expect(await findingsOf(`hosts: [x.test]\nresolution: DNS\naddresses: [10.0.0.1]\n${ports}`)).toEqual([])
})

test.each(['unix:///s', '"*.y.test"', '"a b"'])('1.3: under DNS the endpoint %s is refused', async (address) => {
  const spec = `hosts: [x.test]\nresolution: DNS\n${HTTP}\nendpoints: [{address: ${address}}]`
  expect(await findingsOf(spec)).toEqual(['error INVALID_VALUE spec.endpoints[0].address'])
})
