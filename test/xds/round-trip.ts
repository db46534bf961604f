// The law of encoding: what a client makes of the resources of a configuration is that configuration.
import { type MeshConfig, SeededRandom, VirtualClock } from '@proxyless/core/spi'
import { createEncoder, xdsSource } from '@proxyless/xds'
import { regexEngine } from 'proxyless/host'
import { inMemory } from './in-memory.ts'

export interface Returned {
  readonly config: MeshConfig
  /** NACKs. */
  readonly refusals: readonly string[]
}

/** @param hosts for the api dialect: the names that callers use */
export async function roundTrip(
  config: MeshConfig,
  dialect: 'api' | 'sidecar',
  hosts: readonly string[] = [],
): Promise<Returned> {
  const server = inMemory(createEncoder({ dialect }).encode(config))
  const clock = new VirtualClock()
  const source = xdsSource(
    { server: server.server, dialect, ...(dialect === 'api' ? { hosts } : {}) },
    {
      clock,
      random: new SeededRandom(1),
      regex: regexEngine,
      env: {},
      node: { id: 'round-trip' },
      transport: () => server,
    },
  )
  let last: MeshConfig | undefined
  source.start({ config: (given) => (last = given), problem: () => undefined })
  for (let turn = 0; turn < 50 || last === undefined; turn++) {
    // what never comes is given up after 15 s (E1)
    if (turn > 50) clock.advance(1000)
    if (turn > 500) throw new Error('no configuration')
    await new Promise((resolve) => setImmediate(resolve))
  }
  await source.close()
  return { config: last, refusals: server.refusals }
}
