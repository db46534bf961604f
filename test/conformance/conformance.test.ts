// Runs the whole table of SEMANTICS appendix A, each row in a world of its own.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MeshConfig } from '@proxyless/core/spi'
import type { CreateMeshOptions } from 'proxyless'
import { expectApiReturns, expectSidecarReturns } from '../xds/law.ts'
import { translated } from './configurations.ts'
import { elsewhere } from './elsewhere.ts'
import { table } from './table.ts'
import { World } from './world.ts'

let world: World

beforeEach(async () => {
  world = await World.start()
})

type Law = (config: MeshConfig) => Promise<void>

/** By the ids of the rows that made them. */
const configured: [string, CreateMeshOptions][] = []

afterEach(() => world.close())

describe('SEMANTICS appendix A', () => {
  for (const { id, says, run } of table) {
    test(`${id} ${says}`, async () => {
      await run(world)
      for (const options of world.configured) configured.push([id, options])
    })
  }

  test('every row is in the table, or listed with the reason why not', () => {
    const known = new Set([...table.map((row) => row.id), ...elsewhere.keys()])
    const all = Array.from({ length: 142 }, (_, i) => `C${String(i + 1).padStart(3, '0')}`)
    const absentFromAppendix = new Set(gaps)
    expect(all.filter((id) => !known.has(id) && !absentFromAppendix.has(id))).toEqual([])
  })
})

describe('every configuration of the table comes back from xDS as it was', () => {
  test('in the sidecar dialect', async () => {
    expect(configured).not.toEqual([])
    for (const [id, options] of configured) await returns(id, options, expectSidecarReturns)
  })

  test('in the api dialect', async () => {
    for (const [id, options] of configured) await returns(id, options, expectApiReturns)
  })

  async function returns(id: string, options: CreateMeshOptions, law: Law): Promise<void> {
    try {
      await law(await translated(id, options))
    } catch (error) {
      if (error instanceof Error) error.message = `${id}: ${error.message}`
      throw error
    }
  }
})

/** Numbers that the appendix does not use. */
const gaps =
  `C005 C007 C012 C016 C017 C023 C025 C027 C036 C038 C041 C042 C044 C050 C053 C056 C058 C059 C060 C073 C077 C089 C093
C101 C105 C113 C118 C119 C121`.split(/\s+/)
