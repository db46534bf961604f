// Scenarios as tests: each by its name in gRPC's psm-interop, once for each control plane that can say what it needs.
import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { Common, psmPrograms } from './common.ts'
import type { PlaneName } from './plane.ts'
import { Stage } from './stage.ts'

const both: readonly PlaneName[] = ['go-control-plane', 'proxyless serve']

/** Rows of the table: planes by suite and name. */
const told = new Map<string, string | undefined>(
  readFileSync(new URL('../README.md', import.meta.url), 'utf8')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, suite, name, planes]) => [`${suite}: ${name}`, planes] as const),
)

interface ScenarioOptions {
  /** Default: both. */
  readonly planes?: readonly PlaneName[]
}

type Scenario = (name: string, run: (stage: Stage) => Promise<void>, options?: ScenarioOptions) => void

/**
 * At the top of a file; its scenarios run beside one another.
 * @param missing what the machine has not, though they need it: a failure with PEERS=require
 */
export async function scenarios(suite: string, missing?: string): Promise<Scenario> {
  if (missing !== undefined && process.env['PEERS'] === 'require') throw new Error(`there is no ${missing}`)
  const programs = missing === undefined ? await psmPrograms() : undefined
  const common = programs && new Common(programs)
  if (common !== undefined) afterAll(() => common.close())
  const given = new Set<string>()
  test(`${suite}: each scenario of the table is run`, () => {
    const rows = [...told].filter(([title, planes]) => title.startsWith(`${suite}: `) && planes?.startsWith(both[0]!))
    expect(rows.map(([title]) => title).toSorted()).toEqual([...given].toSorted())
  })
  return (name, run, { planes = both } = {}) => {
    const title = `${suite}: ${name}`
    if (told.get(title) !== planes.join(', '))
      throw new Error(`README.md does not say of ${title}: ${planes.join(', ')}`)
    given.add(title)
    describe.skipIf(common === undefined).concurrent.each(planes)(`${suite}: ${name}`, (plane) => {
      test(`against ${plane}`, async () => {
        const stage = new Stage(common!, plane)
        try {
          await run(stage)
        } finally {
          await stage.close()
        }
      })
    })
  }
}
