// Whole configurations come back from xDS as they were, in both dialects. Those of the conformance table are tried where they are made.
import { describe, expect, test } from 'vitest'
import { configurationOf, documents } from './documents.ts'
import { expectApiReturns, expectSidecarReturns } from './law.ts'

describe.each([...documents])('%s', (name, parts) => {
  test.each([
    ['sidecar', expectSidecarReturns],
    ['api', expectApiReturns],
  ] as const)('comes back from the %s dialect', async (_, law) => {
    const config = await configurationOf(name, parts)
    expect(config.virtualHosts.length).toBeGreaterThan(0)
    await law(config)
  })
})
