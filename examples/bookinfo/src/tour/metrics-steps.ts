// What Prometheus would be told of all this.
import type { Application } from '../stage/application.ts'
import { visit, visitMany } from '../stage/user.ts'
import type { Step } from './step.ts'

export const metricsSteps: readonly Step[] = [
  {
    title: 'the success rate of each version, from the metrics of the mesh',
    asked:
      'reviews.50-50.yaml; one of two instances of reviews v3 answers 500; 400 calls; istio_requests_total before and after',
    expected: 'v1 100 %, v3 between 20 and 80 %; as many failures as users saw',
    async run(application) {
      await application.play('reviews.50-50')
      const [victim] = application.instances('reviews', 'v3')
      const before = await requestsByVersion(application)
      victim?.order({ fail: 500 })
      const visits = await visitMany(400, 10, () => visit(`${application.url}/api/v1/products/0/reviews`))
      victim?.order({ fail: null })
      const after = await requestsByVersion(application)
      const rates = ['v1', 'v3'].map((version) => {
        const [was, is] = [before.get(version) ?? none, after.get(version) ?? none]
        return { version, all: is.all - was.all, failed: is.failed - was.failed }
      })
      const seen = visits.filter(({ status }) => status >= 500).length
      const told = rates.reduce((sum, { failed }) => sum + failed, 0)
      const [v1 = 0, v3 = 0] = rates.map(({ all, failed }) => (100 * (all - failed)) / all)
      return {
        measured: `v1 ${v1.toFixed(1)} %, v3 ${v3.toFixed(1)} %; ${told} failures told, ${seen} seen`,
        good: v1 === 100 && v3 > 20 && v3 < 80 && told === seen,
      }
    },
  },
]

const none = { all: 0, failed: 0 }

/** Calls to reviews that productpage's mesh has counted, by the version that answered. */
async function requestsByVersion(application: Application): Promise<ReadonlyMap<string, typeof none>> {
  const text = await (await fetch(application.productpage.metricsUrl ?? '')).text()
  const counts = new Map<string, typeof none>()
  for (const line of text.split('\n')) {
    if (!line.startsWith('istio_requests_total{') || !line.includes('destination_app="reviews"')) continue
    const [, version = ''] = /destination_version="([^"]*)"/.exec(line) ?? []
    const [, code = ''] = /response_code="(\d+)"/.exec(line) ?? []
    const count = Number(line.slice(line.lastIndexOf(' ')))
    const { all, failed } = counts.get(version) ?? none
    counts.set(version, { all: all + count, failed: failed + (code.startsWith('5') ? count : 0) })
  }
  return counts
}
