// Rows about which endpoint is chosen.
import { expect } from 'vitest'
import { cluster, config, endpoint, forward, host, route } from '../../kit/config.ts'
import { startMesh } from '../../kit/mesh.ts'
import { type Case, row } from '../case.ts'
import { reviewsPolicy, to, virtualService, type World } from '../world.ts'
import { xxHash64 } from '../xxhash64.ts'

function weighted(weights: string): string {
  return virtualService('reviews', `  - route:\n${weights}`)
}

function share(version: string, weight?: number): string {
  return `    - {destination: {host: reviews, subset: ${version}}${weight === undefined ? '' : `, weight: ${weight}`}}\n`
}

const hashed = (key: string): string => reviewsPolicy(`    loadBalancer: {consistentHash: {${key}}}\n`)

/** Which of e1, e2 and e3 the ring gives a key to: the owner of the first point that is not before the key's hash. */
function ringHost(w: World, key: string): string {
  const points = ['e1', 'e2', 'e3'].flatMap((name) =>
    Array.from({ length: 342 }, (_, i) => ({ name, hash: xxHash64(`${w.backend(name).authority}_${i}`) })),
  )
  points.sort((a, b) => (a.hash < b.hash ? -1 : 1))
  const at = xxHash64(key)
  return (points.find(({ hash }) => hash >= at) ?? points[0])?.name ?? ''
}

/** ServiceEntry whose endpoints are those of reviews, with weights. */
function weightedService(ports: readonly number[], weights: readonly number[], simple: string): string {
  const endpoints = ports.map((port, i) => `{address: 127.0.0.1, ports: {http: ${port}}, weight: ${weights[i] ?? 1}}`)
  return `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: weighted, namespace: bookinfo}
spec: {hosts: [weighted.example], location: MESH_INTERNAL, ports: [{number: 80, name: http, protocol: HTTP}], resolution: STATIC, endpoints: [${endpoints.join(', ')}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: weighted, namespace: bookinfo}
spec: {host: weighted.example, trafficPolicy: {loadBalancer: {simple: ${simple}}}}
`
}

export const balancingCases: readonly Case[] = [
  row('C006', 'weights 75 and 25 (seed)', async (w) => {
    await w.configure(weighted(share('v1', 75) + share('v3', 25)))
    const counts = await w.spread(2_000, 'http://reviews:9080/')
    expect(Math.abs((counts['e1'] ?? 0) / 2_000 - 0.75)).toBeLessThan(0.05)
    expect((counts['e1'] ?? 0) + (counts['e3'] ?? 0)).toBe(2_000)
  }),
  row('C008', 'one destination takes all, whatever its weight', async (w) => {
    await w.configure(weighted(share('v1', 3)))
    expect(await w.spread(50, 'http://reviews:9080/')).toEqual({ e1: 50 })
  }),
  row('C108', 'least request: of two hosts the busier gets a quarter', async (w) => {
    const ports = [w.backend('e1').port, w.backend('e2').port]
    await w.configure(weightedService(ports, [1, 1], 'LEAST_REQUEST'))
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    w.answer('e1', (request) => (request.url === '/hold' ? { after: held } : {}))
    const holding: Promise<Response>[] = []
    while (w.arrivals.filter(({ backend, request }) => backend === 'e1' && request.url === '/hold').length < 5) {
      holding.push(w.mesh.fetch('http://weighted.example/hold'))
      await w.quiet()
    }
    const counts: Record<string, number> = {}
    for (let i = 0; i < 1_000; i++) {
      const response = await w.flow(w.mesh.fetch('http://weighted.example/'))
      await response.text()
      const name = response.headers.get('x-backend') ?? ''
      counts[name] = (counts[name] ?? 0) + 1
    }
    release()
    await w.flow(Promise.all(holding))
    expect(Math.abs((counts['e1'] ?? 0) / 1_000 - 0.25)).toBeLessThan(0.07)
  }),
  row('C109', 'RANDOM ignores weights', async (w) => {
    await w.configure(weightedService([w.backend('e1').port, w.backend('e2').port], [1, 9], 'RANDOM'))
    const counts = await w.spread(1_000, 'http://weighted.example/')
    expect(Math.abs((counts['e1'] ?? 0) / 1_000 - 0.5)).toBeLessThan(0.08)
  }),
  row('C110', 'ROUND_ROBIN with weights 1 and 3', async (w) => {
    await w.configure(weightedService([w.backend('e1').port, w.backend('e2').port], [1, 3], 'ROUND_ROBIN'))
    expect(await w.spread(400, 'http://weighted.example/')).toEqual({ e1: 100, e2: 300 })
  }),
  row('C111', 'a hashed header always finds the same host, by its ring', async (w) => {
    await w.configure(hashed('httpHeaderName: x-h'))
    for (const key of ['jason', 'alice', 'user1']) {
      expect(await w.spread(40, 'http://reviews:9080/', { 'x-h': key })).toEqual({ [ringHost(w, key)]: 40 })
    }
  }),
  row('C112', 'without the hashed header all hosts are used', async (w) => {
    await w.configure(hashed('httpHeaderName: x-h'))
    expect(Object.keys(await w.spread(100, 'http://reviews:9080/'))).toHaveLength(3)
  }),
  row('C114', 'a cookie without ttl that is absent: any host, no set-cookie', async (w) => {
    await w.configure(hashed('httpCookie: {name: c}'))
    const outcome = await w.get('http://reviews:9080/')
    expect([outcome.status, outcome.headers.get('set-cookie')]).toEqual([200, null])
  }),
  row('C115', 'localities without outlier detection: all hosts alike', async (w) => {
    await w.configure(`${localized(w.backend('e1').port, w.backend('e2').port, w.backend('e3').port)}`, inZone1)
    expect(Object.keys(await w.spread(200, 'http://local.example/'))).toHaveLength(3)
  }),
  row('C116', 'localities with outlier detection: the own zone first', async (w) => {
    const rule = `---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: local, namespace: bookinfo}\nspec: {host: local.example, trafficPolicy: {outlierDetection: {}}}\n`
    await w.configure(localized(w.backend('e1').port, w.backend('e2').port, w.backend('e3').port) + rule, inZone1)
    expect(await w.spread(60, 'http://local.example/')).toEqual({ e1: 60 })
  }),
  row('C117', 'distribute 80/20', async (w) => {
    const rule = `---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: local, namespace: bookinfo}\nspec: {host: local.example, trafficPolicy: {loadBalancer: {localityLbSetting: {enabled: true, distribute: [{from: r1/z1/*, to: {"r1/z1/*": 80, "r1/z2/*": 20}}]}}}}\n`
    await w.configure(localized(w.backend('e1').port, w.backend('e2').port, w.backend('e3').port) + rule, inZone1)
    const counts = await w.spread(1_000, 'http://local.example/')
    expect(counts['e3']).toBeUndefined()
    expect(Math.abs((counts['e1'] ?? 0) / 1_000 - 0.8)).toBeLessThan(0.07)
  }),
  row('C141', 'one healthy and one degraded host: 70/30', async (w) => {
    const hosts = [endpoint(w.backend('e1').authority), endpoint(w.backend('e2').authority, { health: 'degraded' })]
    const mesh = await startMesh(config([host(['svc'], [route(forward('c'))])], [cluster('c', hosts)]))
    let healthy = 0
    for (let i = 0; i < 300; i++) {
      const response = await mesh.fetch('http://svc/')
      await response.text()
      if (response.headers.get('x-backend') === 'e1') healthy++
    }
    await mesh.close()
    expect(Math.abs(healthy / 300 - 0.7)).toBeLessThan(0.12)
  }),
  row('C138', 'wildcard domains: the most specific wins', async (w) => {
    await w.configure(
      virtualService('*.foo.com', to('reviews/v1'), 'wide') +
        '---\n' +
        virtualService('*.bar.foo.com', to('reviews/v2'), 'narrow') +
        '---\n' +
        virtualService('x.foo.com', to('reviews/v3'), 'exact'),
    )
    expect((await w.get('http://a.bar.foo.com/')).served).toBe('e2')
    expect((await w.get('http://b.foo.com/')).served).toBe('e1')
    expect((await w.get('http://x.foo.com/')).served).toBe('e3')
  }),
]

const inZone1 = {
  workload: { namespace: 'bookinfo', labels: {}, locality: { region: 'r1', zone: 'z1', subzone: '' } },
} as const

function localized(...ports: readonly number[]): string {
  const places = ['r1/z1', 'r1/z2', 'r2/z1']
  const endpoints = ports.map((port, i) => `{address: 127.0.0.1, ports: {http: ${port}}, locality: ${places[i] ?? ''}}`)
  return `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: local, namespace: bookinfo}
spec: {hosts: [local.example], location: MESH_INTERNAL, ports: [{number: 80, name: http, protocol: HTTP}], resolution: STATIC, endpoints: [${endpoints.join(', ')}]}
`
}
