// Configurations of documents that are at hand: the seeds', and those of Bookinfo with each of its steps.
import { readdirSync, readFileSync } from 'node:fs'
import { type MeshConfig, VirtualClock } from '@proxyless/core/spi'
import { check } from '@proxyless/istio'
import { regexEngine } from 'proxyless/host'

const seeds = new URL('../../packages/istio/fixtures/seeds/', import.meta.url)
const bookinfo = new URL('../../examples/bookinfo/', import.meta.url)

const services = ['reviews', 'ratings', 'my-svc']
  .map(
    (name) => `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${name}, namespace: bookinfo}
spec:
  hosts: [${name}.bookinfo.svc.cluster.local]
  ports: [{number: 9080, name: http, protocol: HTTP}]
  resolution: STATIC
  endpoints:
  - {address: 10.0.0.1, labels: {version: v1}, locality: r1/z1}
  - {address: 10.0.0.2, labels: {version: v2}, locality: r1/z2}
  - {address: 10.0.0.3, labels: {version: v3}, locality: r1/z1}
`,
  )
  .join('---\n')

/** Texts by name. */
export const documents: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ...readdirSync(seeds).map((name) => [name, [services, readFileSync(new URL(name, seeds), 'utf8')]] as const),
  ['examples/bookinfo/mesh', folder('mesh/')],
  ...readdirSync(new URL('steps/', bookinfo)).map(
    (name) => [name, [...folder('mesh/'), readFileSync(new URL(`steps/${name}`, bookinfo), 'utf8')]] as const,
  ),
])

function folder(name: string): string[] {
  const url = new URL(name, bookinfo)
  return readdirSync(url).map((file) => readFileSync(new URL(file, url), 'utf8'))
}

export async function configurationOf(name: string, parts: readonly string[]): Promise<MeshConfig> {
  const workload = {
    namespace: 'bookinfo',
    labels: { app: 'productpage' },
    locality: { region: 'r1', zone: 'z1', subzone: '' },
  }
  const texts = parts.map((text, n) => ({ name: `${name} ${n}`, text }))
  return (await check(texts, { workload, regex: regexEngine, clock: new VirtualClock() })).config
}
