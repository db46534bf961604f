// A real control plane (go-control-plane) is gone for 30 s while calls go on, and comes back with news. Both variants at the same time.
import { createMesh, xds } from 'proxyless'
import { beforeAll, expect, test, vi } from 'vitest'
import { startBackend } from '../../kit/backend.ts'
import { ControlPlane, controlPlaneBinary } from './server.ts'
import { node, world } from './snapshots.ts'

const outageMs = 30_000

let binary: string | undefined

beforeAll(async () => {
  binary = await controlPlaneBinary()
}, 600_000)

// the next try may be 20 s away when it is back, by back-off
test.concurrent.each(['sotw', 'delta'] as const)(
  'B1 B3 B4 over %s: no call fails in the outage, it is told once, and the news is followed after it',
  { timeout: 180_000 },
  async (protocol, context) => {
    if (binary === undefined) return (context as unknown as { skip(): void }).skip()
    const backends = [await startBackend({ name: 'one' }), await startBackend({ name: 'two' })]
    const [one, two] = backends.map(({ port }) => port) as [number, number]
    let plane = await ControlPlane.start(binary)
    await plane.serve(node, world('1', { a: one }, 'a'))
    const config = xds({ server: `127.0.0.1:${plane.port}`, node: { id: node }, hosts: ['reviews:80'], protocol })
    const told: string[] = []
    const observer = {
      configApplied: ({ problems }: { problems: readonly { code: string }[] }) =>
        void told.push(...problems.map(({ code }) => code)),
    }
    const mesh = await createMesh({ config, observer })
    const call = async (): Promise<string> => {
      const response = await mesh.fetch('http://reviews/')
      await response.arrayBuffer()
      return `${response.status} ${response.headers.get('x-backend') ?? ''}`
    }
    try {
      expect(await call()).toBe('200 one')
      await plane.stop()
      const began = performance.now()
      const answers = new Map<string, number>()
      const callUntilOver = async (): Promise<void> => {
        const answer = await call()
        answers.set(answer, (answers.get(answer) ?? 0) + 1)
        expect(performance.now() - began).toBeGreaterThan(outageMs)
      }
      await vi.waitFor(callUntilOver, { timeout: 2 * outageMs, interval: 10 })
      expect([...answers.keys()]).toEqual(['200 one'])
      expect(told).toEqual(['XDS_UNREACHABLE'])
      plane = await ControlPlane.start(binary, plane.port)
      await plane.serve(node, world('2', { a: one, b: two }, 'b'))
      await vi.waitFor(async () => expect(await call()).toBe('200 two'), { timeout: 60_000, interval: 50 })
      expect(mesh.status().problems).toEqual([])
      expect((await plane.stats()).nacks).toEqual({})
    } finally {
      await mesh.close()
      await plane.stop()
      for (const backend of backends) await backend.close()
    }
  },
)
