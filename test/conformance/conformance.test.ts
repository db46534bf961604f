// Runs the whole table of SEMANTICS appendix A, each row in a world of its own.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { elsewhere } from './elsewhere.ts'
import { table } from './table.ts'
import { World } from './world.ts'

let world: World

beforeEach(async () => {
  world = await World.start()
})

afterEach(() => world.close())

describe('SEMANTICS appendix A', () => {
  for (const { id, says, run } of table) test(`${id} ${says}`, () => run(world))

  test('every row is in the table, or listed with the reason why not', () => {
    const known = new Set([...table.map((row) => row.id), ...elsewhere.keys()])
    const all = Array.from({ length: 142 }, (_, i) => `C${String(i + 1).padStart(3, '0')}`)
    const absentFromAppendix = new Set(gaps)
    expect(all.filter((id) => !known.has(id) && !absentFromAppendix.has(id))).toEqual([])
  })
})

/** Numbers that the appendix does not use. */
const gaps =
  `C005 C007 C012 C016 C017 C023 C025 C027 C036 C038 C041 C042 C044 C050 C053 C056 C058 C059 C060 C073 C077 C089 C093
C101 C105 C113 C118 C119 C121`.split(/\s+/)
