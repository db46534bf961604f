// Our client on an unmodified istiod over etcd and kube-apiserver: what is decided through it is what our own translation decides.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { table } from '../../conformance/table.ts'
import { istiodBinaries } from './binaries.ts'
import { Comparison } from './compare.ts'
import { caseDifferences, lineDifferences, refusalDifferences } from './differences.ts'
import { fixturesOf } from './fixtures.ts'
import { ControlPlane } from './plane/control-plane.ts'
import { seeds } from './seeds.ts'

let plane: ControlPlane | undefined
let comparison: Comparison

beforeAll(async () => {
  const binaries = await istiodBinaries()
  if (binaries === undefined) return
  plane = await ControlPlane.start(binaries)
  comparison = new Comparison(plane)
}, 3_600_000)

afterAll(() => plane?.stop())

describe('istiod', () => {
  beforeEach(({ skip }) => skip(plane === undefined, 'istiod is not here'))

  test.each([...table])('$id $says', async (row) => {
    const unlisted: string[] = []
    for (const fixture of await fixturesOf(row)) unlisted.push(...(await comparison.compare(fixture)))
    expect(unlisted).toEqual([])
  })

  test.each(seeds())('$id', async (fixture) => {
    expect(await comparison.compare(fixture)).toEqual([])
  })

  test('every difference that is listed is there', () => {
    const listed: object[] = [...lineDifferences, ...caseDifferences, ...refusalDifferences]
    expect(listed.filter((entry) => !comparison.used.has(entry))).toEqual([])
    const { sidecar, api } = comparison.counts
    console.log(
      `decisions through istiod, equal and listed: sidecar ${sidecar.join(' and ')}, api ${api.join(' and ')}`,
    )
  })
})
