// Many calls while documents change and instances die and return: every failure is explained, nothing leaks.
import { once } from 'node:events'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { request } from 'undici'
import { createMesh, type Mesh } from 'proxyless'

const calls = 100_000
const concurrency = 50
const changeEveryMs = 100

test(
  '100,000 calls at concurrency 50 through changing documents and dying instances',
  { timeout: 240_000 },
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'proxyless-soak-'))
    const resourcesBefore = resources()
    const instances = await Instances.start(6)
    await writeDocuments(directory, instances, 0)
    const mesh = await createMesh({ config: directory, workload: { namespace: 'default', labels: {} } })
    const disorder = new Disorder(directory, instances)
    try {
      const traffic = new Traffic(mesh)
      await traffic.run(calls / 10)
      const heapEarly = await heapAfterCollection()
      await traffic.run(calls - calls / 10)
      await disorder.stop()
      const heapLate = await heapAfterCollection()
      expect(disorder.rounds).toBeGreaterThan(20)
      expect(traffic.unexplained).toEqual([])
      expect(traffic.answered).toBe(calls)
      expect(heapLate - heapEarly).toBeLessThan(15_000_000)
      for (const { name, limits } of mesh.status().clusters) {
        expect([name, limits.requests.now, limits.pending.now, limits.retries.now]).toEqual([name, 0, 0, 0])
      }
    } finally {
      await disorder.stop()
      await mesh.close()
      instances.close()
      await rm(directory, { recursive: true })
    }
    await expect.poll(resources).toEqual(resourcesBefore)
  },
)

/** Sends calls and keeps those that failed without an explanation. */
class Traffic {
  readonly #mesh: Mesh
  readonly unexplained: string[] = []
  answered = 0

  constructor(mesh: Mesh) {
    this.#mesh = mesh
  }

  async run(count: number): Promise<void> {
    let left = count
    const worker = async (): Promise<void> => {
      while (left-- > 0) await this.#call(left)
    }
    await Promise.all(Array.from({ length: concurrency }, worker))
  }

  async #call(number: number): Promise<void> {
    const options = number % 7 === 0 ? ({ method: 'POST', body: `body ${number}` } as const) : {}
    const response = await request('http://svc.example/', { ...options, dispatcher: this.#mesh.dispatcher })
    const text = await response.body.text().catch((error: unknown) => String(error))
    this.answered++
    const flags = response.headers['x-mesh-response-flags']
    if (response.statusCode === 200 && text.startsWith('instance')) return
    if (response.statusCode >= 500 && typeof flags === 'string' && flags !== '-') return
    this.unexplained.push(`${response.statusCode} ${String(flags)} ${text}`)
  }
}

/** Servers of which one at a time is dead. */
class Instances {
  readonly list: Instance[]
  #dead: number | undefined

  constructor(list: Instance[]) {
    this.list = list
  }

  static async start(count: number): Promise<Instances> {
    return new Instances(await Promise.all(Array.from({ length: count }, () => startInstance(0))))
  }

  /** The one that is dead returns, the next one dies. */
  async next(): Promise<void> {
    const dead = this.#dead
    this.#dead = dead === undefined ? 0 : (dead + 1) % this.list.length
    if (dead !== undefined) this.list[dead] = await startInstance(this.list[dead]?.port ?? 0)
    this.list[this.#dead]?.close()
  }

  close(): void {
    for (const instance of this.list) instance.close()
  }
}

interface Instance {
  readonly port: number
  close(): void
}

async function startInstance(wanted: number): Promise<Instance> {
  const server = createServer((incoming, outgoing) => {
    incoming.resume()
    outgoing.end('instance')
  })
  const listen = (port: number): Promise<unknown> => {
    server.listen(port, '127.0.0.1')
    return once(server, 'listening')
  }
  // meanwhile the port may belong to somebody's outgoing connection
  await listen(wanted).catch(() => listen(0))
  return {
    port: (server.address() as AddressInfo).port,
    close(): void {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** Every 100 ms other documents; every third time an instance dies, and the one before returns. */
class Disorder {
  readonly #timer: NodeJS.Timeout
  #working: Promise<void> = Promise.resolve()
  rounds = 0

  constructor(directory: string, instances: Instances) {
    this.#timer = setInterval(() => {
      this.#working = this.#working.then(async () => {
        const round = ++this.rounds
        await writeDocuments(directory, instances, round)
        if (round % 3 !== 0) return
        await instances.next()
      })
    }, changeEveryMs)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#working
  }
}

async function writeDocuments(directory: string, instances: Instances, round: number): Promise<void> {
  const listed = instances.list.filter((_, i) => (i + round) % 5 !== 0)
  const endpoints = listed.map(
    ({ port }, i) => `{address: 127.0.0.1, ports: {http: ${port}}, labels: {version: v${i % 2}}}`,
  )
  const text = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: svc}
spec:
  hosts: [svc.example]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 80, name: http, protocol: HTTP}]
  endpoints: [${endpoints.join(', ')}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: svc}
spec:
  host: svc.example
  trafficPolicy:
    loadBalancer: {simple: ${round % 2 === 0 ? 'ROUND_ROBIN' : 'LEAST_REQUEST'}}
    outlierDetection: {consecutive5xxErrors: ${3 + (round % 3)}, interval: 1s, baseEjectionTime: 1s, maxEjectionPercent: 50}
    connectionPool: {http: {idleTimeout: ${1 + (round % 4)}s}}
  subsets: [{name: v0, labels: {version: v0}}, {name: v1, labels: {version: v1}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: svc}
spec:
  hosts: [svc.example]
  http:
  - route:
    - {destination: {host: svc.example, subset: v0}, weight: ${30 + (round % 40)}}
    - {destination: {host: svc.example, subset: v1}, weight: ${70 - (round % 40)}}
    timeout: 20s
    retries: {attempts: 5, retryOn: "connect-failure,reset,503"}
`
  // as editors and ConfigMaps do: never half a file
  await writeFile(join(directory, '.next'), text)
  await rename(join(directory, '.next'), join(directory, 'mesh.yaml'))
}

function resources(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) {
    if (/Socket|TCP|Server|FSEvent|StatWatcher/.test(kind)) counts[kind] = (counts[kind] ?? 0) + 1
  }
  return counts
}

async function heapAfterCollection(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let turn = 0; turn < 3; turn++) {
    collect()
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
  return process.memoryUsage().heapUsed
}
