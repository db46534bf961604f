// Scenarios as tests: each by its name in gRPC's psm-interop, once for each control plane that can say what it needs.
import { afterAll, describe, test } from 'vitest'
import { Common, psmPrograms } from './common.ts'
import type { PlaneName } from './plane.ts'
import { Stage } from './stage.ts'

const planes: readonly PlaneName[] = ['go-control-plane', 'proxyless serve']

interface ScenarioOptions {
  /** Default: both. */
  readonly planes?: readonly PlaneName[]
}

type Scenario = (name: string, run: (stage: Stage) => Promise<void>, options?: ScenarioOptions) => void

/** At the top of a file; its scenarios run beside one another. */
export async function scenarios(suite: string): Promise<Scenario> {
  const programs = await psmPrograms()
  const common = programs && new Common(programs)
  if (common !== undefined) afterAll(() => common.close())
  return (name, run, options = {}) => {
    describe.skipIf(common === undefined).concurrent.each(options.planes ?? planes)(`${suite}: ${name}`, (plane) => {
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
