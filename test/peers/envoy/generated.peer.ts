// Random configurations and requests, the same to our mesh and to a real Envoy. PEERS_SEED=n repeats a run.
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { search } from './generator/search.ts'
import { envoyOrSkip } from './harness/peer.ts'

const binary = await envoyOrSkip()
const cases = Number(process.env['PEERS_CASES'] ?? 2_000)
const given = process.env['PEERS_SEED']
const seed = given === undefined ? Date.now() % 0x7fff_ffff : Number(given)

test.skipIf(binary === undefined)(
  `${cases} random cases come to the same as in Envoy (PEERS_SEED=${seed})`,
  async () => {
    const found = await search(binary ?? '', seed, cases)
    const report =
      found &&
      `PEERS_SEED=${seed}\n${found.complaints.join('\n')}\n${inspect(found.recipe, { depth: 20, compact: 6, breakLength: 120 })}`
    expect(report).toBeUndefined()
  },
  300_000,
)
