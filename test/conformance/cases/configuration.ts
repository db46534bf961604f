// Rows about documents: what is accepted, refused, selected and in scope.
import { expect } from 'vitest'
import type { Problem } from '@proxyless/core'
import { type Case, row } from '../case.ts'
import { destinationRule, reviewsPolicy, to, virtualService } from '../world.ts'

const refused = (problems: readonly Problem[], resource: string): Problem | undefined =>
  problems.find((problem) => problem.severity === 'error' && problem.resource.includes(resource))

const warned = (problems: readonly Problem[], code: string): Problem | undefined =>
  problems.find((problem) => problem.code === code && problem.severity === 'warning')

const seed004 = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
spec:
  hosts:
  - reviews
  http:
  - match:
    - headers:
        end-user:
          exact: jason
      uri:
\t    prefix: "/ratings/v2/"
\t  ignoreUriCase: true
    route:
    - destination:
        host: reviews
        subset: v2
`

export const configurationCases: readonly Case[] = [
  row('C004', 'TAB indentation is refused with its line and column', async (w) => {
    const problem = (await w.configure(seed004)).find(({ severity }) => severity === 'error')
    expect(problem?.line).toBe(14)
    expect(problem?.column).toBeGreaterThan(0)
    expect((await w.get('http://reviews:9080/')).status).toBe(200)
  }),
  row('C009', 'two destinations without weights are refused', async (w) => {
    const http = '  - route: [{destination: {host: reviews, subset: v1}}, {destination: {host: reviews, subset: v2}}]\n'
    expect(refused(await w.configure(virtualService('reviews', http)), 'reviews')).toBeDefined()
  }),
  row('C010', 'a VirtualService without routes is accepted with a warning and changes nothing', async (w) => {
    const document = `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: virtual-svc, namespace: bookinfo}\nspec: {hosts: [reviews]}\n`
    const problems = await w.configure(document)
    expect(problems.some(({ resource, severity }) => resource.includes('virtual-svc') && severity === 'warning')).toBe(
      true,
    )
    expect((await w.get('http://reviews:9080/')).status).toBe(200)
  }),
  row('C011', 'of two VirtualServices for one host the older wins whole', async (w) => {
    const older = virtualService(
      'reviews',
      '  - match: [{uri: {prefix: /a}}]\n    route: [{destination: {host: reviews, subset: v1}}]\n',
      'older',
    )
    await w.configure(`${older}---\n${virtualService('reviews', to('reviews/v3'), 'newer')}`)
    const outcome = await w.get('http://reviews:9080/b')
    expect([outcome.status, outcome.flags, outcome.body]).toEqual([404, 'NR', ''])
  }),
  row('C013', 'a VirtualService for another gateway only is ignored', async (w) => {
    await w.configure(virtualService('reviews', to('ratings'), 'reviews', '  gateways: [my-gw]\n'))
    expect((await w.get('http://reviews:9080/')).served).toMatch(/^e/)
  }),
  row('C014', 'a match for another gateway is skipped', async (w) => {
    const http = `  - match: [{uri: {prefix: /}, gateways: [other-gw]}]\n    route: [{destination: {host: ratings}}]\n${to('reviews/v1')}`
    await w.configure(virtualService('reviews', http))
    expect((await w.get('http://reviews:9080/')).served).toBe('e1')
  }),
  row('C015', 'a match for other source labels is skipped', async (w) => {
    const http = `  - match: [{sourceLabels: {app: x}}]\n    route: [{destination: {host: ratings}}]\n${to('reviews/v1')}`
    await w.configure(virtualService('reviews', http))
    expect((await w.get('http://reviews:9080/')).served).toBe('e1')
  }),
  row('C019', 'a destination with a dot is not expanded: unknown, 503 NC', async (w) => {
    await w.configure(virtualService('reviews', to('reviews.prod')))
    const outcome = await w.get('http://reviews:9080/')
    expect([outcome.status, outcome.flags, outcome.body]).toEqual([503, 'NC', ''])
  }),
  row('C020', 'short names are those of the caller’s namespace', async (w) => {
    await w.configure('')
    expect((await w.get('http://reviews:9080/')).served).toMatch(/^e/)
    expect((await w.get('http://reviews.bookinfo:9080/')).served).toMatch(/^e/)
    await w.configure('', { workload: { namespace: 'other', labels: {} } })
    expect(w.mesh.explain({ url: 'http://reviews:9080/' }).outcome.cluster).toBe('PassthroughCluster')
  }),
  row('C024', 'what a Sidecar does not import passes through', async (w) => {
    await w.configure(
      'apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: default, namespace: bookinfo}\nspec: {egress: [{hosts: ["./*", "istio-system/*"]}]}\n',
    )
    expect(w.mesh.explain({ url: 'http://other.other:80/' }).outcome.cluster).toBe('PassthroughCluster')
    expect((await w.get('http://reviews:9080/')).served).toMatch(/^e/)
  }),
  row('C026', 'a service exported to its own namespace only is unknown', async (w) => {
    await w.configure(
      'apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: private, namespace: other}\nspec: {hosts: [private.example], exportTo: ["."], ports: [{number: 80, name: http, protocol: HTTP}], resolution: STATIC, endpoints: [{address: 127.0.0.1}]}\n',
    )
    expect(w.mesh.explain({ url: 'http://private.example/' }).outcome.cluster).toBe('PassthroughCluster')
  }),
  row('C034', 'a regex with lookahead is refused', async (w) => {
    const problems = await w.configure(
      virtualService(
        'reviews',
        '  - match: [{uri: {regex: "/(?!a).*"}}]\n    route: [{destination: {host: reviews}}]\n',
      ),
    )
    expect(refused(problems, 'reviews')).toBeDefined()
  }),
  row('C063', 'removing host is refused', async (w) => {
    const problems = await w.configure(
      virtualService('reviews', to('reviews/v1', 'headers: {request: {remove: [host]}}')),
    )
    expect(refused(problems, 'reviews')).toBeDefined()
  }),
  row('C076', 'timeout 0s is accepted as disabled, with a warning', async (w) => {
    const problems = await w.configure(virtualService('reviews', to('reviews/v1', 'timeout: 0s')))
    expect(problems.some(({ severity, path }) => severity === 'warning' && path.includes('timeout'))).toBe(true)
    w.answer('e1', { after: w.elapsed(20_000) })
    expect((await w.get('http://reviews:9080/')).status).toBe(200)
  }),
  row('C085', 'a blank in retryOn is refused', async (w) => {
    const problems = await w.configure(
      virtualService('reviews', to('reviews/v1', 'retries: {attempts: 2, retryOn: "503, reset"}')),
    )
    expect(refused(problems, 'reviews')).toBeDefined()
  }),
  row('C103', 'consecutiveErrors is ignored with a warning; 5 is the threshold', async (w) => {
    const problems = await w.configure(
      reviewsPolicy('    outlierDetection: {consecutiveErrors: 3, maxEjectionPercent: 100}\n') +
        `---\n${virtualService('reviews', to('reviews/v1'))}`,
    )
    expect(problems.some(({ severity, path }) => severity === 'warning' && path.includes('consecutiveErrors'))).toBe(
      true,
    )
    w.answer('e1', { status: 500 })
    for (let i = 1; i <= 5; i++) {
      expect(w.ejected).toEqual([])
      await w.get('http://reviews:9080/')
    }
    expect(w.ejected).toEqual(['e1'])
  }),
  row('C120', 'a subset’s balancer beside the pool of the top level', async (w) => {
    await w.configure(
      destinationRule(
        'reviews',
        '  trafficPolicy: {loadBalancer: {simple: RANDOM}, connectionPool: {tcp: {maxConnections: 5}}}\n  subsets: [{name: v2, labels: {version: v2}, trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}}}]\n',
      ) + `---\n${virtualService('reviews', to('reviews/v2'))}`,
    )
    const cluster = w.mesh.status().clusters.find(({ name }) => name.includes('|v2|reviews'))
    expect(cluster?.loadBalancer).toBe('roundRobin')
    expect(cluster?.limits.connections.max).toBe(5)
  }),
  row('C122', 'two rules for one host in the service’s namespace are merged, oldest first', async (w) => {
    const rule = (name: string, spec: string): string =>
      `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: ${name}, namespace: svcns}\nspec:\n  host: a\n${spec}`
    await w.configure(
      [
        rule(
          'older',
          '  trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}, connectionPool: {tcp: {maxConnections: 7}}}\n  subsets: [{name: v1, labels: {version: v1}}]\n',
        ),
        rule(
          'newer',
          '  trafficPolicy: {loadBalancer: {simple: RANDOM}}\n  subsets: [{name: v1, labels: {version: other}}, {name: v2, labels: {version: v1}}]\n',
        ),
        virtualService(
          'x.example',
          `${to('a.svcns.svc.cluster.local/v1', 'match: [{uri: {prefix: /v1}}]')}${to('a.svcns.svc.cluster.local/v2')}`,
        ),
      ].join('---\n'),
    )
    expect((await w.get('http://x.example/v1')).served).toBe('a')
    expect((await w.get('http://x.example/v2')).served).toBe('a')
    const cluster = w.mesh.status().clusters.find(({ name }) => name.includes('|v1|a.svcns'))
    expect([cluster?.loadBalancer, cluster?.limits.connections.max]).toEqual(['roundRobin', 7])
  }),
  row(
    'C123',
    'delegates: routes are merged, incompatible ones dropped, absent fields filled by the root',
    async (w) => {
      const root = virtualService(
        'reviews',
        '  - match: [{uri: {prefix: /productpage}}]\n    delegate: {name: d}\n    timeout: 7s\n    headers: {request: {set: {x-root: root}}}\n',
      )
      const delegate = `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: d, namespace: bookinfo}\nspec:\n  http:\n${[
        to('reviews/v1', 'match: [{uri: {prefix: /productpage/v1}}]\ntimeout: 3s'),
        to('reviews/v2', 'match: [{uri: {prefix: /elsewhere}}]'),
        to('reviews/v3'),
      ].join('')}`
      await w.configure(`${root}---\n${delegate}`)
      const first = await w.get('http://reviews:9080/productpage/v1/x')
      expect([first.served, first.received?.header('x-root')]).toEqual(['e1', 'root'])
      const third = await w.get('http://reviews:9080/productpage/zz')
      expect([third.served, third.received?.header('x-root')]).toEqual(['e3', 'root'])
      expect((await w.get('http://reviews:9080/elsewhere')).flags).toBe('NR')
      w.answer('e1', { instead: 'hang' })
      w.answer('e3', { instead: 'hang' })
      const began = w.clock.now()
      expect((await w.get('http://reviews:9080/productpage/v1')).flags).toBe('UT')
      const middle = w.clock.now()
      expect((await w.get('http://reviews:9080/productpage')).flags).toBe('UT')
      expect(Math.round((middle - began) / 1000)).toBe(3)
      expect(Math.round((w.clock.now() - middle) / 1000)).toBe(7)
    },
  ),
  row('C124', 'a missing delegate drops only its route', async (w) => {
    const http = `  - match: [{uri: {prefix: /gone}}]\n    delegate: {name: missing}\n${to('reviews/v2')}`
    await w.configure(virtualService('reviews', http))
    expect((await w.get('http://reviews:9080/gone')).served).toBe('e2')
  }),
  row('C128', 'credentialName without workloadSelector is refused, never plaintext', async (w) => {
    const problems = await w.configure(
      destinationRule('ratings', '  trafficPolicy: {tls: {mode: SIMPLE, credentialName: secret}}\n'),
    )
    expect(refused(problems, 'ratings')).toBeDefined()
  }),
  row('C066', 'mirrorPercentage 0.15 is 1500 of a million', async (w) => {
    await w.configure(
      virtualService('reviews', to('reviews/v1', 'mirror: {host: ratings}\nmirrorPercentage: {value: 0.15}')),
    )
    expect(String(w.mesh.explain({ url: 'http://reviews:9080/' }))).toContain('0.15 %')
    expect(warned(w.mesh.status().problems, 'UNKNOWN_FIELD')).toBeUndefined()
  }),
]
