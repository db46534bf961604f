// Bookinfo's own documents: the set that `npm start` begins with, and that set with each variant of its story.
import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { registryDocuments, type RunningInstance } from '../../../examples/bookinfo/src/stage/registry.ts'
import type { Fixture } from './fixtures.ts'

const base = fileURLToPath(new URL('../../../examples/bookinfo/mesh/', import.meta.url))
const steps = fileURLToPath(new URL('../../../examples/bookinfo/steps/', import.meta.url))

export const bookinfoServices = [
  ['details', 'v1'],
  ['ratings', 'v1'],
  ['reviews', 'v1'],
  ['reviews', 'v2'],
  ['reviews', 'v3'],
] as const

/** `variant` (`reviews.all-v1.yaml`) takes the place of the document that it is named after. */
export function bookinfoDocuments(variant?: string): string {
  const texts = new Map(readdirSync(base).map((file) => [file, readFileSync(base + file, 'utf8')]))
  if (variant !== undefined) texts.set(`${variant.split('.')[0] ?? ''}.yaml`, readFileSync(steps + variant, 'utf8'))
  return [...texts.values()].join('---\n')
}

export function bookinfoRegistry(port: (service: string, version: string) => number): string {
  return registryDocuments(
    bookinfoServices.map(([service, version]): RunningInstance => ({ service, version, port: port(service, version) })),
  )
}

export function bookinfoFixtures(): Fixture[] {
  const ports = bookinfoServices.map(([service, version]) => `${service}-${version}`)
  const registry = bookinfoRegistry((service, version) => 27_001 + ports.indexOf(`${service}-${version}`))
  return [undefined, ...readdirSync(steps).toSorted()].map((variant) => ({
    id: `bookinfo ${variant ?? 'as it begins'}`,
    registry,
    documents: bookinfoDocuments(variant),
    options: { workload: { namespace: 'default', labels: { app: 'productpage', version: 'v1' } } },
    requests: [
      { url: 'http://reviews:9080/reviews/0' },
      { url: 'http://reviews:9080/reviews/0', headers: { 'end-user': 'jason' } },
      { url: 'http://ratings:9080/ratings/0' },
      { url: 'http://details:9080/details/0' },
      { url: 'http://bookinfo.com/reviews/0' },
    ],
  }))
}
