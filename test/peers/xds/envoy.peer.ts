// A real Envoy takes every configuration that the encoder makes in the sidecar dialect: all of the table, of the seeds, and generated ones.
import type { MeshConfig } from '@proxyless/core/spi'
import { createEncoder } from '@proxyless/xds'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { conformanceConfigurations } from '../../conformance/configurations.ts'
import { type Certificates, issueCertificates } from '../../kit/certificates.ts'
import { configArb } from '../../xds/arbitrary-configs.ts'
import { configurationOf, documents } from '../../xds/documents.ts'
import { envoyOrSkip } from '../envoy/harness/peer.ts'
import { type AdsEnvoy, startAdsEnvoy } from '../serve/ads-envoy.ts'
import { playable } from './playable.ts'
import { Trial } from './trial.ts'

const binary = await envoyOrSkip()

describe.skipIf(binary === undefined)('Envoy', () => {
  let trial: Trial
  let certificates: Certificates | undefined
  let envoy: AdsEnvoy
  const encoder = createEncoder({ dialect: 'sidecar' })

  beforeAll(async () => {
    certificates = await issueCertificates()
    trial = await Trial.start(encoder.encode(nothing))
    const node = { id: 'trial', metadata: {} }
    envoy = await startAdsEnvoy({ binary: binary ?? '', xds: trial.address, protocol: 'sotw', node })
  })

  afterAll(async () => {
    await envoy?.close()
    await trial?.close()
    await certificates?.remove()
  })

  async function refusals(config: MeshConfig): Promise<string[]> {
    const encoded = encoder.encode(playable(config, certificates))
    // listeners that are gone drain, and their routes stay asked for
    return trial.put(encoded, (asked) =>
      (['endpoints', 'route'] as const).every((kind) =>
        [...encoded[kind].keys()].every((name) => asked.get(kind)?.has(name)),
      ),
    )
  }

  test('takes the configurations of the table', async () => {
    for (const [id, config] of await conformanceConfigurations())
      expect([id, ...(await refusals(config))]).toEqual([id])
  })

  test('takes those of the seeds and of Bookinfo', async () => {
    for (const [name, parts] of documents)
      expect([name, ...(await refusals(await configurationOf(name, parts)))]).toEqual([name])
  })

  test('takes what is generated', () =>
    fc.assert(
      fc.asyncProperty(configArb, async (config) => {
        expect(await refusals(config)).toEqual([])
      }),
      { numRuns: 60, endOnFailure: true },
    ))
})

const nothing: MeshConfig = {
  version: '0',
  virtualHosts: [],
  clusters: new Map(),
  unknownHosts: { kind: 'block', origin: { resource: 'test', path: '' } },
  pathNormalization: 'base',
  problems: [],
}
