// The row `serve`: a thousand clients on one control plane, a process of one thread, and one endpoint that changes:
// from the document that is written to the last client that has been told.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Bench } from '../harness/bench.ts'
import { cpuOf, forkModule } from '../harness/processes.ts'
import { halfInterval, median } from '../harness/statistics.ts'
import type { Heard } from '../world/ads-clients.ts'

const clients = 1000
const services = 100
const endpointsEach = 10
const warmUps = 2
const changes = 15

const command = fileURLToPath(new URL('bin/proxyless.js', import.meta.resolve('proxyless/package.json')))

export const serveBench: Bench = {
  name: 'serve',
  runs: 1,
  flags: [],
  async measure() {
    const directory = mkdtempSync(join(tmpdir(), 'proxyless-bench-'))
    for (let index = 0; index < services; index++) write(directory, index, 1)
    const { child: server, address } = await startServer(directory)
    const before = memoryOf(server.pid ?? 0)
    const connecting = cpuOf(server.pid ?? 0)
    const { child } = await forkModule<string>('world/ads-clients.js', [address, String(clients)])
    const connected = (cpuOf(server.pid ?? 0) - connecting) / 1000 / clients
    const memory = (memoryOf(server.pid ?? 0) - before) / clients
    const [times, cpu]: [number[], number[]] = [[], []]
    for (let change = -warmUps; change < changes; change++) {
      const heard = new Promise<Heard>((resolve) => child.once('message', (message) => resolve(message as Heard)))
      child.send('watch')
      const cpuBefore = cpuOf(server.pid ?? 0)
      const start = Date.now()
      write(directory, 0, 2 + change + warmUps)
      const { atMs } = await heard
      if (change < 0) continue
      times.push(atMs - start)
      cpu.push((cpuOf(server.pid ?? 0) - cpuBefore) / 1000)
    }
    child.kill()
    server.kill()
    rmSync(directory, { recursive: true })
    const note = `max ${Math.max(...times)} ms; a client costs ${memory.toFixed(0)} KiB, and ${connected.toFixed(2)} ms CPU when it comes`
    return [
      {
        name: 'serve push, 1000 clients',
        unit: 'ms',
        ours: median(times),
        ci: halfInterval(times),
        target: 1000,
        note,
      },
      { name: 'serve push CPU', unit: 'ms CPU', ours: median(cpu), ci: halfInterval(cpu), target: 1000 },
    ]
  },
}

/** One service; `changed` is a part of the address of its last endpoint. */
function write(directory: string, index: number, changed: number): void {
  const endpoints = Array.from({ length: endpointsEach }, (_, each) => ({
    address: each === endpointsEach - 1 ? `10.9.${index}.${changed}` : `10.1.${index}.${each}`,
    labels: { version: `v${each % 2}` },
  }))
  const document = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name: `service-${index}`, namespace: 'shop' },
    spec: {
      hosts: [`service-${index}.shop.svc.cluster.local`],
      location: 'MESH_INTERNAL',
      resolution: 'STATIC',
      ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
      endpoints,
    },
  }
  const draft = join(directory, `.draft`)
  writeFileSync(draft, JSON.stringify(document))
  renameSync(draft, join(directory, `service-${index}.json`))
}

async function startServer(directory: string): Promise<{ child: ChildProcess; address: string }> {
  const args = ['serve', '--config', directory, '--xds', '127.0.0.1:0', '--http', '127.0.0.1:0']
  const child = spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  process.once('exit', () => void child.kill())
  for await (const line of createInterface({ input: child.stdout })) {
    const address = /^xDS on (\S+)$/.exec(line)?.[1]
    if (address === undefined) continue
    child.stdout.resume()
    return { child, address }
  }
  throw new Error('proxyless serve ended before it served')
}

/** KiB of memory that a process holds. */
function memoryOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
}
