// Bookinfo's own documents: the set that `npm start` begins with, and that set with each variant of its story.
import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Mesh } from 'proxyless'
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

/** What the stage of Bookinfo writes: its services, all instances on loopback. */
export function bookinfoRegistry(port: (service: string, version: string) => number): string {
  const names = [...new Set(bookinfoServices.map(([service]) => service))]
  return names
    .map((name) => {
      const versions = bookinfoServices.filter(([service]) => service === name).map(([, version]) => version)
      return serviceEntry(
        name,
        versions.map((version) => ({
          address: '127.0.0.1',
          ports: { http: port(name, version) },
          labels: { app: name, version },
        })),
      )
    })
    .join('\n---\n')
}

function serviceEntry(name: string, endpoints: readonly object[]): string {
  return JSON.stringify({
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name, namespace: 'default' },
    spec: {
      hosts: [`${name}.default.svc.cluster.local`],
      location: 'MESH_INTERNAL',
      resolution: 'STATIC',
      ports: [{ number: 9080, name: 'http', protocol: 'HTTP' }],
      endpoints,
    },
  })
}

/** Who answers whom, as the documents say it. */
export const bookinfoServed: Readonly<Record<string, string>> = {
  'http://reviews:9080/reviews/0': '200 reviews-v3',
  'http://reviews:9080/reviews/0 jason': '200 reviews-v2',
  'http://ratings:9080/ratings/0': '200 ratings-v1',
  'http://details:9080/details/0': '200 details-v1',
  'http://bookinfo.com/reviews/0': '200 reviews-v1',
  'http://bookinfo.com/ratings/0': '200 ratings-v1',
  'http://bookinfo.com/details/0': '404 null',
}

export async function bookinfoAnswers(mesh: Mesh): Promise<Record<string, string>> {
  const answers: Record<string, string> = {}
  for (const request of Object.keys(bookinfoServed)) {
    const [url = '', user] = request.split(' ')
    const response = await mesh.fetch(url, user === undefined ? {} : { headers: { 'end-user': user } })
    await response.text()
    answers[request] = `${response.status} ${response.headers.get('x-backend')}`
  }
  return answers
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
