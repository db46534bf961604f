// A mesh whose configuration comes by ADS from a control plane in another process.
import { Mesh, type MeshConfig, SeededRandom } from '@proxyless/core/spi'
import { type XdsOptions, xdsSource } from '@proxyless/xds'
import { processClock, processRandom, regexEngine, requestIds } from 'proxyless/host'
import { forkModule } from '../harness/processes.ts'
import type { XdsWorld } from './xds-resources.ts'
import type { Change } from './xds-server.ts'

export interface ControlPlane {
  readonly address: string
  change(change: Change): void
  stop(): void
}

export async function controlPlane(world: XdsWorld & { readonly wide?: number }): Promise<ControlPlane> {
  const { first, child } = await forkModule<number>('world/xds-server.js', [JSON.stringify(world)])
  return {
    address: `127.0.0.1:${first}`,
    change: (change) => void child.send(change),
    stop: () => void child.kill(),
  }
}

export interface XdsMesh {
  readonly mesh: Mesh
  /** Waits for a configuration in force that is as wanted. */
  until(wanted: (config: MeshConfig) => boolean): Promise<void>
}

export function xdsMesh(server: string, options: XdsOptions): XdsMesh {
  const waiting = new Set<() => void>()
  const source = xdsSource(
    { ...options, server },
    { clock: processClock, random: processRandom(), regex: regexEngine, env: {}, node: { id: 'bench' } },
  )
  const mesh = new Mesh({
    source,
    clock: processClock,
    random: new SeededRandom(1),
    regex: regexEngine,
    resolver: { resolve: () => Promise.reject(new Error('no names here')) },
    settings: { trustRequestHeaders: false, requestId: requestIds(processRandom()), attemptCount: true, faults: true },
    observer: {
      configApplied: ({ problems }) => {
        const problem = problems.find(({ severity }) => severity === 'error')
        if (problem !== undefined) throw new Error(`${problem.resource}: ${problem.message}`)
        for (const look of waiting) look()
      },
    },
  })
  return {
    mesh,
    until: (wanted) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!wanted(mesh.snapshot.config)) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
      }),
  }
}
