// Rows about limits, outlier detection and TLS.
import { expect } from 'vitest'
import { type Case, row } from '../case.ts'
import { reviewsPolicy, to, virtualService, type World } from '../world.ts'

function toV1(policy: string): string {
  return `${reviewsPolicy(policy)}---\n${virtualService('reviews', to('reviews/v1'))}`
}

/** Three calls, one after the other has arrived; their statuses in order of being asked. */
async function three(w: World): Promise<readonly Response[]> {
  const calls: Promise<Response>[] = []
  for (let i = 0; i < 3; i++) {
    calls.push(w.mesh.fetch('http://reviews:9080/'))
    await w.quiet()
  }
  return w.flow(Promise.all(calls))
}

export const failureCases: readonly Case[] = [
  row('C097', 'one connection, one pending: the third call overflows', async (w) => {
    await w.configure(toV1('    connectionPool: {tcp: {maxConnections: 1}, http: {http1MaxPendingRequests: 1}}\n'))
    w.answer('e1', () => ({ after: w.elapsed(50) }))
    const responses = await three(w)
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 503])
    expect(responses[2]?.headers.get('x-envoy-overloaded')).toBe('true')
    expect(responses[2]?.headers.get('x-mesh-response-flags')).toBe('UO')
  }),
  row('C098', 'http2MaxRequests limits HTTP/1.1 too', async (w) => {
    await w.configure(toV1('    connectionPool: {http: {http2MaxRequests: 2}}\n'))
    w.answer('e1', () => ({ after: w.elapsed(50) }))
    const responses = await three(w)
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 503])
    expect(responses[2]?.headers.get('x-mesh-response-flags')).toBe('UO')
  }),
  row('C099', 'maxConnections 100 of v1 (seed) queues v1 and leaves v2 alone', async (w) => {
    await w.configure(
      `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: reviews, namespace: bookinfo}\nspec:\n  host: reviews\n  subsets:\n  - {name: v1, labels: {version: v1}, trafficPolicy: {connectionPool: {tcp: {maxConnections: 100}}}}\n  - {name: v2, labels: {version: v2}}\n---\n${virtualService('reviews', to('reviews/v1', 'match: [{uri: {prefix: /v1}}]') + to('reviews/v2'))}`,
    )
    for (const name of ['e1', 'e2']) w.answer(name, () => ({ after: w.elapsed(100) }))
    const all = async (path: string): Promise<number[]> =>
      (await w.flow(Promise.all(Array.from({ length: 200 }, () => w.mesh.fetch(`http://reviews:9080${path}`))))).map(
        ({ status }) => status,
      )
    expect(new Set(await all('/v2'))).toEqual(new Set([200]))
    expect(w.backend('e2').accepted).toBeGreaterThan(100)
    expect(new Set(await all('/v1'))).toEqual(new Set([200]))
    expect(w.backend('e1').accepted).toBeLessThanOrEqual(100)
  }),
  row('C102', 'five 500s eject for 30 s, the second time for 60 s', async (w) => {
    await w.configure(toV1('    outlierDetection: {maxEjectionPercent: 100}\n'))
    w.answer('e1', { status: 500 })
    for (const seconds of [30, 60]) {
      for (let i = 0; i < 5; i++) await w.get('http://reviews:9080/')
      expect((await w.get('http://reviews:9080/')).flags).toBe('UH')
      w.clock.advance((seconds - 1) * 1000)
      expect((await w.get('http://reviews:9080/')).flags).toBe('UH')
      w.clock.advance(11_000)
      expect((await w.get('http://reviews:9080/')).status).toBe(500)
    }
  }),
  row('C104', 'all hosts ejected: 503 UH', async (w) => {
    await w.configure(reviewsPolicy('    outlierDetection: {consecutive5xxErrors: 1, maxEjectionPercent: 100}\n'))
    for (const name of ['e1', 'e2', 'e3']) w.answer(name, { status: 500 })
    for (let i = 0; i < 3; i++) await w.get('http://reviews:9080/')
    const outcome = await w.get('http://reviews:9080/')
    expect([outcome.status, outcome.flags, outcome.body]).toEqual([503, 'UH', 'no healthy upstream'])
  }),
  row('C106', 'split mode: five refused connections eject', async (w) => {
    await w.configure(
      `${reviewsPolicy('    outlierDetection: {splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 5, maxEjectionPercent: 100}\n')}---\n${virtualService('reviews', to('reviews/v1', 'retries: {attempts: 0}'))}`,
    )
    await w.stop('e1')
    for (let i = 0; i < 5; i++) expect((await w.get('http://reviews:9080/')).flags).toBe('UF')
    expect((await w.get('http://reviews:9080/')).flags).toBe('UH')
  }),
  row('C107', 'five timeouts eject', async (w) => {
    await w.configure(
      `${reviewsPolicy('    outlierDetection: {maxEjectionPercent: 100}\n')}---\n${virtualService('reviews', to('reviews/v1', 'timeout: 100ms'))}`,
    )
    w.answer('e1', { instead: 'hang' })
    for (let i = 0; i < 5; i++) expect((await w.get('http://reviews:9080/')).flags).toBe('UT')
    expect((await w.get('http://reviews:9080/')).flags).toBe('UH')
  }),
  row('C125', 'MUTUAL with files for an external service (seed) presents the client certificate', async (w) => {
    const { issueCertificates } = await import('../../kit/certificates.ts')
    const { startBackend } = await import('../../kit/backend.ts')
    const files = await issueCertificates(['ext-svc.example.com'])
    if (files === undefined) throw new Error('this row needs the openssl command')
    const secure = await startBackend({ name: 'ext', protocol: 'https', tls: await files.server({ mutual: true }) })
    try {
      await w.configure(`apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: svc-entry, namespace: bookinfo}
spec:
  hosts: [ext-svc.example.com]
  ports: [{number: 443, name: https, protocol: HTTPS}]
  location: MESH_EXTERNAL
  resolution: DNS
  endpoints: [{address: localhost, ports: {https: ${secure.port}}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ext-res-dr, namespace: bookinfo}
spec:
  host: ext-svc.example.com
  trafficPolicy:
    connectionPool: {tcp: {connectTimeout: 1s}}
    tls: {mode: MUTUAL, clientCertificate: ${files.clientCertFile}, privateKey: ${files.clientKeyFile}, caCertificates: ${files.caFile}}
`)
      expect((await w.get('https://ext-svc.example.com/')).status).toBe(200)
      expect(secure.requests[0]?.header('host')).toBe('ext-svc.example.com')
    } finally {
      await secure.close()
      await files.remove()
    }
  }),
  row('C127', 'sni without names to check accepts any valid chain', async (w) => {
    const { issueCertificates } = await import('../../kit/certificates.ts')
    const { startBackend } = await import('../../kit/backend.ts')
    const files = await issueCertificates()
    if (files === undefined) throw new Error('this row needs the openssl command')
    const secure = await startBackend({ name: 'ext', protocol: 'https', tls: await files.server() })
    try {
      const entry = (tls: string): string => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ext, namespace: bookinfo}
spec: {hosts: [ext.example], ports: [{number: 80, name: http, protocol: HTTP}], resolution: STATIC, endpoints: [{address: 127.0.0.1, ports: {http: ${secure.port}}}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ext, namespace: bookinfo}
spec: {host: ext.example, trafficPolicy: {tls: {mode: SIMPLE, caCertificates: ${files.caFile}${tls}}}}
`
      await w.configure(entry(', sni: another.example'))
      expect((await w.get('http://ext.example/')).status).toBe(200)
      await w.configure(entry(''))
      expect((await w.get('http://ext.example/')).flags).toBe('URX,UF')
    } finally {
      await secure.close()
      await files.remove()
    }
  }),
]
