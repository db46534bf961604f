// Our client on an unmodified istiod over etcd and kube-apiserver: what is decided through it is what our own translation decides.
import { createMesh, type Mesh, xds } from 'proxyless'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { table } from '../../conformance/table.ts'
import { type Backend, startBackend } from '../../kit/backend.ts'
import { until } from '../../kit/until.ts'
import { serve } from '../serve/served.ts'
import { istiodBinaries } from './binaries.ts'
import {
  bookinfoAnswers,
  bookinfoDocuments,
  bookinfoFixtures,
  bookinfoRegistry,
  bookinfoServed,
  bookinfoServices,
} from './bookinfo.ts'
import { liveService, liveSlice, meshOn, splitService, timeToShow, usable } from './changes.ts'
import { Comparison } from './compare.ts'
import { caseDifferences, lineDifferences, refusalDifferences } from './differences.ts'
import { fixturesOf } from './fixtures.ts'
import { ControlPlane } from './plane/control-plane.ts'
import { seeds } from './seeds.ts'
import { caller, dialects, mark, xdsOptions } from './sides.ts'

let plane: ControlPlane | undefined
let comparison: Comparison

beforeAll(async () => {
  const binaries = await istiodBinaries()
  if (binaries === undefined) return
  plane = await ControlPlane.start(binaries)
  comparison = new Comparison(plane)
}, 3_600_000)

afterAll(() => plane?.stop())

beforeEach(({ skip }) => skip(plane === undefined, 'istiod is not here'))

describe('decisions through istiod are those of our own translation', () => {
  test.each([...table])('$id $says', async (row) => {
    const unlisted: string[] = []
    for (const fixture of await fixturesOf(row)) unlisted.push(...(await comparison.compare(fixture)))
    expect(unlisted).toEqual([])
  })

  test.each([...seeds(), ...bookinfoFixtures()])('$id', async (fixture) => {
    expect(await comparison.compare(fixture)).toEqual([])
  })

  test('every difference that is listed is there', () => {
    const listed: object[] = [...lineDifferences, ...caseDifferences, ...refusalDifferences]
    expect(listed.filter((entry) => !comparison.used.has(entry))).toEqual([])
    const counts = dialects.map((dialect) => `${dialect} ${comparison.counts[dialect].join(' and ')}`)
    console.log(`decisions through istiod, equal and listed: ${counts.join(', ')}`)
  })
})

test('Bookinfo moves from proxyless serve to istiod by one address, or to its documents: the same calls get the same answers', async () => {
  const backends = await Promise.all(
    bookinfoServices.map(([service, version]) => startBackend({ name: `${service}-${version}` })),
  )
  const portOf = (service: string, version: string): number =>
    backends.find(({ name }) => name === `${service}-${version}`)?.port ?? 0
  const registry = bookinfoRegistry(portOf)
  const served = await serve({ 'registry.yaml': registry, 'bookinfo.yaml': bookinfoDocuments() })
  expect(await plane!.apply(registry)).toEqual([])
  expect(await plane!.apply(bookinfoDocuments())).toEqual([])
  // a sidecar listens on port 80, where bookinfo.com is, if some service has that port; in a cluster one has
  await mark(plane!)
  const { server } = plane!.istiod
  for (const config of [`xds://${served.xds}`, `xds://${server}`, xds({ server, dialect: 'documents' })]) {
    await using mesh = await createMesh({ config })
    await until(async () => expect(await bookinfoAnswers(mesh)).toEqual(bookinfoServed), 10_000)
  }
  await served.close()
  await Promise.all(backends.map((backend) => backend.close()))
})

test('an istiod that shows its documents to control planes alone says so, and another is asked', async () => {
  const closed = await plane!.another({ ENABLE_XDS_API_GENERATOR_AUTH: 'true' })
  const options = xdsOptions(plane!, 'documents', caller, [])
  try {
    const alone = createMesh({ config: xds({ ...options, server: closed.server, startTimeoutMs: 6000 }) })
    await expect(alone).rejects.toThrow(/waiting for MeshConfig.*the api generator requires an authenticated/)
    await using mesh = await createMesh({ config: xds({ ...options, server: [closed.server, plane!.istiod.server] }) })
    expect(mesh.status().clusters).toBeDefined()
  } finally {
    await closed.stop()
  }
})

test('pods that a ServiceEntry selects come with the endpoints, though no document tells of them', async () => {
  expect(await plane!.apply(selectingEntry)).toEqual([])
  await using mesh = await createMesh({ config: xds(xdsOptions(plane!, 'documents', caller, [])) })
  await until(() => mesh.explain('http://selected.test/').outcome.endpoint === '127.0.0.7:8080', 10_000)
  await plane!.delete(selectingEntry)
})

const selectingEntry = `
apiVersion: v1
kind: Pod
metadata: { name: selected, namespace: bookinfo, labels: { app: selected } }
spec: { containers: [{ name: c, image: c }] }
status: { phase: Running, podIP: 127.0.0.7, podIPs: [{ ip: 127.0.0.7 }], conditions: [{ type: Ready, status: "True" }] }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: selected, namespace: bookinfo }
spec:
  hosts: [selected.test]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP, targetPort: 8080 }]
  workloadSelector: { labels: { app: selected } }
`

const ways = dialects.flatMap((dialect) => [[dialect, 'sotw'] as const, [dialect, 'delta'] as const])

describe.each(ways)('changes are seen within 1 s (%s, %s)', (dialect, protocol) => {
  const rounds = [1, 2, 3]
  let backends: Backend[]
  let mesh: Mesh

  beforeAll(async () => {
    // istiod knows the endpoints of a Kubernetes service by address alone
    backends = await Promise.all([startBackend({ name: 'a' }), startBackend({ name: 'b', host: '127.0.0.2' })])
  })

  afterEach(() => mesh.close())

  afterAll(() => Promise.all(backends.map((backend) => backend.close())))

  test('an endpoint that is no longer ready', async () => {
    const [a, b] = backends as [Backend, Backend]
    const cluster = 'outbound|80||live.bookinfo.svc.cluster.local'
    await applied(liveService(backends))
    mesh = await meshOn(plane!, dialect, protocol, ['live:80'])
    const times: number[] = []
    for (const _ of rounds) {
      await until(() => usable(mesh, cluster).length === 2, 10_000)
      times.push(await timeToShow(applied(liveSlice(b, false)), () => usable(mesh, cluster).length === 1))
      for (let call = 0; call < 10; call++) expect(await serverOf(mesh, 'http://live/')).toBe(a.name)
      await applied(liveSlice(b, true))
    }
    told('not ready', times)
  })

  test('a weight', async () => {
    const [a, b] = backends as [Backend, Backend]
    await applied(splitService(backends, a))
    mesh = await meshOn(plane!, dialect, protocol, ['split.test:80'])
    const goesTo = (backend: Backend): boolean =>
      mesh.explain('http://split.test/').outcome.endpoint === backend.authority
    await until(() => goesTo(a), 10_000)
    const times: number[] = []
    for (const round of rounds) {
      const next = round % 2 === 1 ? b : a
      times.push(await timeToShow(applied(splitService(backends, next)), () => goesTo(next)))
      expect(await serverOf(mesh, 'http://split.test/')).toBe(next.name)
    }
    told('weight', times)
  })

  async function applied(documents: string): Promise<void> {
    expect(await plane!.apply(documents)).toEqual([])
  }

  /** A machine that is busy with other things may need longer now and then. */
  function told(what: string, times: readonly number[]): void {
    console.log(`${what} (${dialect}, ${protocol}): ${times.map((ms) => `${Math.round(ms)} ms`).join(', ')}`)
    expect(Math.min(...times)).toBeLessThan(1000)
  }
})

async function serverOf(mesh: Mesh, url: string): Promise<string | null> {
  const response = await mesh.fetch(url)
  await response.text()
  return response.headers.get('x-backend')
}
