// Faults on purpose, and waiting no longer than said.
import { countBy, visit, visitMany } from '../stage/user.ts'
import type { Visit } from '../stage/user.ts'
import { show } from './step.ts'
import type { Step } from './step.ts'

export const faultSteps: readonly Step[] = [
  {
    title: 'one call in a thousand waits for five seconds',
    asked: 'ratings.delay.yaml; 2000 calls',
    expected: 'all succeed; about 2 of them (at most 14) take 5 s, the others no time to speak of',
    async run(application) {
      await application.play('ratings.delay')
      const visits = await visitMany(2000, 40, () => visit(`${application.url}/api/v1/products/0/ratings`))
      const slow = visits.filter(({ ms }) => ms >= 4990)
      const others = visits.filter(({ ms }) => ms < 4990)
      const failed = visits.filter(({ status }) => status !== 200).length
      const slowest = Math.max(...others.map(({ ms }) => ms))
      return {
        measured: `${failed} failed; ${slow.length} took 5 s; of the others the slowest took ${slowest.toFixed(0)} ms`,
        good: failed === 0 && slow.length <= 14 && slowest < 3000,
      }
    },
  },
  {
    title: 'every call of jason fails',
    asked: 'ratings.abort.yaml: 100 % status 500 for jason; 50 calls of jason, 50 of others; jason’s page',
    expected: 'jason: 500 50; others: 200 50; the page stands, and says that ratings are unavailable',
    async run(application) {
      await application.play('ratings.abort')
      const url = `${application.url}/api/v1/products/0/ratings`
      const jason = statuses(await visitMany(50, 10, () => visit(url, 'jason')))
      const others = statuses(await visitMany(50, 10, () => visit(url, 'mary')))
      const page = await visit(`${application.url}/productpage`, 'jason')
      const told = page.status === 200 && page.text.includes('Ratings service is currently unavailable')
      return {
        measured: `jason: ${show(jason)}; others: ${show(others)}; the page ${told ? 'says so' : 'does not say so'}`,
        good: jason['500'] === 50 && others['200'] === 50 && told,
      }
    },
  },
  {
    title: 'half a second, not more',
    asked: 'ratings.timeout.yaml: timeout 0.5 s; ratings made to take 2 s; 20 calls',
    expected: '504 20, each after about 0.5 s',
    async run(application) {
      await application.play('ratings.timeout')
      for (const instance of application.instances('ratings')) instance.order({ delayMs: 2000 })
      const visits = await visitMany(20, 20, () => visit(`${application.url}/api/v1/products/0/ratings`))
      for (const instance of application.instances('ratings')) instance.order({ delayMs: 0 })
      const times = visits.map(({ ms }) => ms)
      const [least, most] = [Math.min(...times), Math.max(...times)]
      return {
        measured: `${show(statuses(visits))}, after ${least.toFixed(0)} to ${most.toFixed(0)} ms`,
        good: statuses(visits)['504'] === 20 && least >= 490 && most < 1900,
      }
    },
  },
]

function statuses(visits: readonly Visit[]): Readonly<Record<string, number>> {
  return countBy(visits, ({ status }) => String(status))
}
