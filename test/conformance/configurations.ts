// The configurations that the rows of the table put in force, for those who try something else with them.
import type { MeshConfig } from '@proxyless/core/spi'
import { check, type IstioOptions } from '@proxyless/istio'
import type { CreateMeshOptions } from 'proxyless'
import { regexEngine } from 'proxyless/host'
import { table } from './table.ts'
import { World } from './world.ts'

/** Runs all rows. */
export async function conformanceConfigurations(): Promise<[string, MeshConfig][]> {
  const found: [string, MeshConfig][] = []
  for (const { id, run } of table) {
    const world = await World.start()
    await run(world)
    for (const options of world.configured) found.push([id, await translated(id, options)])
    await world.close()
  }
  return found
}

export async function translated(id: string, { config, ...options }: CreateMeshOptions): Promise<MeshConfig> {
  const texts = (config as readonly string[]).map((text, n) => ({ name: `${id} ${n}`, text }))
  return (await check(texts, { ...(options as IstioOptions), regex: regexEngine })).config
}
