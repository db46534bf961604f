// Annotations from a document to the wire: a call that meets a pause is answered by another endpoint.
// Time is virtual: a pause lasts until a test says so.
import { VirtualClock } from '@proxyless/core/spi'
import { createMesh } from 'proxyless'
import { expect, test } from 'vitest'
import type { Answer } from '../kit/backend.ts'
import { backend, closeAfterEach, opened } from '../kit/opened.ts'
import { until } from '../kit/until.ts'

closeAfterEach()

const apiVersion = 'networking.istio.io/v1'

test('hedging by annotation has another endpoint answer what one keeps waiting, and explain names the annotation', async () => {
  const hang = { next: false }
  const handler = (): Answer => {
    const instead: Answer = hang.next ? { instead: 'hang' } : { body: 'answered' }
    hang.next = false
    return instead
  }
  const backends = [await backend({ handler }), await backend({ handler })]
  const clock = new VirtualClock()
  const entry = {
    hosts: ['svc.example'],
    resolution: 'STATIC',
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
    endpoints: backends.map(({ host, port }) => ({ address: host, ports: { http: port } })),
  }
  const annotations = { 'proxyless.dev/hedging': 'enabled, percentile=99, minDelay=20ms' }
  const config = [
    { apiVersion, kind: 'ServiceEntry', metadata: { name: 'svc' }, spec: entry },
    { apiVersion, kind: 'DestinationRule', metadata: { name: 'svc', annotations }, spec: { host: 'svc.example' } },
  ]
  const mesh = opened(await createMesh({ config, clock }))
  const call = async (): Promise<string> => (await mesh.fetch('http://svc.example/')).text()
  for (let i = 0; i < 30; i++) expect(await call()).toBe('answered')

  hang.next = true
  const text = call()
  await until(() => backends.reduce((sum, { requests }) => sum + requests.length, 0) === 31)
  clock.advance(20)
  expect(await text).toBe('answered')

  const hedging = mesh.status().clusters.find(({ name }) => name.includes('svc.example'))?.adaptive?.hedging
  expect(hedging).toMatchObject({ delayMs: 20, made: 1, won: 1, refused: 0 })
  const step = mesh.explain({ url: 'http://svc.example/' }).steps.find(({ what }) => what === 'hedging')
  expect(step?.text).toBe('a second attempt elsewhere after 20 ms, within which 99 % of answers come')
  expect(step?.setBy).toBe('DestinationRule default/svc metadata.annotations["proxyless.dev/hedging"]')
})
