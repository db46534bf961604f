// Our mesh and a real Envoy over one configuration and the same backends: every scenario has to come to the same.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { differences } from './harness/difference.ts'
import { envoyOrSkip } from './harness/peer.ts'
import { Stage } from './harness/stage.ts'
import { sections } from './scenarios/all.ts'

const binary = await envoyOrSkip()
const all = Object.values(sections).flat()
let stage: Stage

describe.skipIf(binary === undefined)('as Envoy', () => {
  beforeAll(async () => {
    stage = await Stage.start(binary ?? '', all)
  })

  afterAll(async () => {
    await stage?.close()
  })

  describe.for(Object.entries(sections))('%s', ([, scenarios]) => {
    test.concurrent.for(scenarios.map((each) => [each.says, each] as const))('%s', async ([, each], context) => {
      const { ours, envoys } = await stage.play(each)
      const compare = each.compare ?? differences
      context.expect(compare(ours, envoys)).toEqual([])
    })
  })
})

test('no two scenarios say the same', () => {
  expect(new Set(all.map(({ says }) => says)).size).toBe(all.length)
})
