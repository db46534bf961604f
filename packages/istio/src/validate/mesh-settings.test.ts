// Settings of the whole mesh, given in code or as a document: SEMANTICS 0.2.
import { expect, test } from 'vitest'
import { REVIEWS, bookinfo, clusterOf, optionsFor, problemsOf } from '../bookinfo.suite.ts'
import { check } from '../mesh-source.ts'
import type { MeshSettingsInput } from '../schema/mesh-settings.ts'

test.each<[string, MeshSettingsInput, string[]]>([
  ['locality', { localityLbSetting: { enabled: true } }, []],
  ['a DNS rate', { dnsRefreshRate: '10s' }, ['dnsRefreshRate']],
  ['mutual TLS', { enableAutoMtls: true }, ['enableAutoMtls']],
  ['no mutual TLS', { enableAutoMtls: false }, []],
  ['a trust domain', { trustDomain: 'td' }, ['trustDomain']],
])('0.2: %s without effect is warned of, in code and in a document', async (_name, meshConfig, fields) => {
  const given = await bookinfo([], { meshConfig })
  expect(problemsOf(given, 'NOT_YET_APPLIED')).toEqual(fields.map((field) => `warning MeshConfig ${field}`))
  const written = await bookinfo([JSON.stringify({ kind: 'MeshConfig', ...meshConfig })])
  expect(problemsOf(written, 'NOT_YET_APPLIED')).toEqual(fields.map((field) => `warning MeshConfig ${field}`))
})

test('0.2: of a control plane, which says all its settings, that some have no effect is not told', async () => {
  const settings = 'kind: MeshConfig\nenableAutoMtls: true\naccessLogFile: /dev/null\nunheardOf: true\n'
  expect((await bookinfo([settings])).problems).toHaveLength(3)
  const served = await bookinfo([settings], { fromControlPlane: true })
  expect(served.problems.map(({ code }) => code)).toEqual(['UNKNOWN_FIELD'])
})

test('5.3: conditions of the default retry policy are held to the same list', async () => {
  const config = await bookinfo(['kind: MeshConfig\ndefaultHttpRetryPolicy: {attempts: 2, retryOn: "503, reset"}\n'])
  expect(problemsOf(config, 'INVALID_VALUE')).toEqual(['error MeshConfig defaultHttpRetryPolicy.retryOn'])
  const meshConfig = { defaultHttpRetryPolicy: { attempts: 2, retryOn: 'nonsense' } }
  await expect(check([], optionsFor({ meshConfig }))).rejects.toThrow(TypeError)
})

test('0.2: defaultTrafficPolicy is a baseline of connectionPool and outlierDetection alone', async () => {
  const config = await bookinfo([
    'kind: MeshConfig\ndefaultTrafficPolicy: {connectionPool: {tcp: {maxConnections: 3}}, tls: {mode: ISTIO_MUTUAL}}\n',
  ])
  expect(problemsOf(config, 'UNKNOWN_FIELD')).toEqual(['warning MeshConfig defaultTrafficPolicy.tls'])
  const cluster = clusterOf(config, `outbound|9080||${REVIEWS}`)
  expect(cluster.circuitBreakers.maxConnections).toBe(3)
  expect(cluster.origins['connectionPool']).toMatchObject({ path: 'defaultTrafficPolicy.connectionPool' })
})
