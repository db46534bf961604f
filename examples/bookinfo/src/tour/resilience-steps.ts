// Instances that crash, fail or are overrun, and what users notice of it.
import { setTimeout as delay } from 'node:timers/promises'
import { waitFor } from '../stage/application.ts'
import type { Application } from '../stage/application.ts'
import type { ServiceProcess } from '../stage/service-process.ts'
import { countBy, visit, visitMany } from '../stage/user.ts'
import type { Visit } from '../stage/user.ts'
import { show } from './step.ts'
import type { Step } from './step.ts'

export const resilienceSteps: readonly Step[] = [
  {
    title: 'an instance crashes under load, and no user notices',
    asked:
      'reviews.retries.yaml, destination-rules.load-balancers.yaml; 600 calls to reviews v2 while one of its two instances crashes twice',
    expected: 'no failed call; some took more than one try; both instances serve again in the end',
    async run(application) {
      // in turn, so that another try always finds the other one; least request would prefer the dead one, which is never busy
      await application.play('reviews.retries', 'destination-rules.load-balancers')
      const [victim] = application.instances('reviews', 'v2') as [ServiceProcess]
      const before = application.traffic.retried('reviews')
      const visits = await visitMany(600, 10, async (index) => {
        if (index === 100 || index === 500) victim.order({ crash: true })
        // so that the load lasts longer than the crash
        await delay(40)
        return visit(reviewsOf(application))
      })
      const failures = visits.filter(({ status }) => status !== 200)
      const reasons =
        failures.length === 0 ? '' : ` (${show(countBy(failures, ({ status, text }) => `${status} ${text}`))})`
      const back = await waitFor(async () => (await instancesSeen(application, 20)).length === 2, 5000)
      const retried = application.traffic.retried('reviews') - before
      return {
        measured: `${failures.length} failed${reasons}, ${retried} retried, ${back ? 'both serve again' : 'one is missing'}`,
        good: failures.length === 0 && retried > 0 && back,
      }
    },
  },
  {
    title: 'an instance that returns errors is left out, and taken back when it is well',
    asked: 'destination-rules.outlier.yaml, no retries; one of two instances of reviews v1 answers 500',
    expected: 'few errors at first (3 in a row), then none while it is left out; back after 2 to 3 s, no errors',
    async run(application) {
      await application.play('reviews.no-retries', 'destination-rules.outlier')
      const [victim] = application.instances('reviews', 'v1') as [ServiceProcess]
      const { endpointEvents } = application.traffic
      const start = endpointEvents.length
      const happened = (kind: string) => (): boolean =>
        endpointEvents.slice(start).some((event) => event.kind === kind && event.endpoint === victim.address)
      victim.order({ fail: 500 })
      let early: Visit[] = []
      const ejected = await waitFor(async () => {
        early = [...early, await visit(reviewsOf(application))]
        return happened('ejected')()
      }, 5000)
      const ejectedAt = performance.now()
      const during = await visitMany(100, 10, () => visit(reviewsOf(application)))
      victim.order({ fail: null })
      const returned = await waitFor(happened('returned'), 8000)
      const awayMs = performance.now() - ejectedAt
      const after = await visitMany(100, 10, () => visit(reviewsOf(application)))
      const seen = (await instancesSeen(application, 20)).length
      const errors = [early, during, after].map(errorsIn)
      return {
        measured:
          `${errors[0]} errors, then ${ejected ? 'left out' : 'never left out'}: ${errors[1]} errors in 100 calls; ` +
          `${returned ? `back after ${(awayMs / 1000).toFixed(1)} s` : 'never back'}: ` +
          `${errors[2]} errors in 100 calls, ${seen} instances serve`,
        good: ejected && returned && errors[0] === 3 && errors[1] === 0 && errors[2] === 0 && seen === 2,
      }
    },
  },
  {
    title: 'the circuit breaker at its limit',
    asked: 'destination-rules.breaker.yaml: one connection to ratings, one call may wait; 10 calls at once, 1 s each',
    expected: '200 2, 503 8; the 503 say overflow, and come at once',
    async run(application) {
      await application.play('destination-rules.breaker')
      // a call that opens a connection waits for it, and would take the only place in the queue: so it is opened before
      await visit(`${application.url}/api/v1/products/0/ratings`)
      for (const instance of application.instances('ratings')) instance.order({ delayMs: 1000 })
      const visits = await visitMany(10, 10, () => visit(`${application.url}/api/v1/products/0/ratings`))
      for (const instance of application.instances('ratings')) instance.order({ delayMs: 0 })
      const counts = countBy(visits, ({ status }) => String(status))
      const refused = visits.filter(({ status }) => status === 503)
      const slowest = Math.max(0, ...refused.map(({ ms }) => ms))
      const told = refused.every(({ text, headers }) => text.includes('overflow') && headers.has('x-envoy-overloaded'))
      return {
        measured: `${show(counts)}; the 503 ${told ? 'say overflow' : 'say something else'}, the slowest after ${slowest.toFixed(0)} ms`,
        good: counts['200'] === 2 && counts['503'] === 8 && told && slowest < 900,
      }
    },
  },
]

function reviewsOf(application: Application): string {
  return `${application.url}/api/v1/products/0/reviews`
}

async function instancesSeen(application: Application, calls: number): Promise<readonly string[]> {
  const visits = await visitMany(calls, 1, () => visit(reviewsOf(application)))
  const good = visits.filter(({ status }) => status === 200)
  return Object.keys(countBy(good, ({ text }) => (JSON.parse(text) as { instance: string }).instance))
}

function errorsIn(visits: readonly Visit[]): number {
  return visits.filter(({ status }) => status !== 200).length
}
