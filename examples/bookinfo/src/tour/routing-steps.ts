// Who gets which version: everybody the first, jason another, shares by weight.
import { countVersions, visit, visitMany } from '../stage/user.ts'
import type { Application } from '../stage/application.ts'
import { isPlausible, show } from './step.ts'
import type { Step } from './step.ts'

export const routingSteps: readonly Step[] = [
  {
    title: 'everybody gets reviews v1',
    asked: 'reviews.all-v1.yaml; 100 calls, half of them jason’s',
    expected: 'v1 100',
    async run(application) {
      await application.play('reviews.all-v1')
      const counts = await reviewsSeenBy(application, 100, (index) => (index % 2 === 0 ? 'jason' : ''))
      return { measured: show(counts), good: counts['v1'] === 100 }
    },
  },
  {
    title: 'jason gets v2, everybody else v3',
    asked: 'reviews.jason.yaml; 50 calls of jason, 50 of others',
    expected: 'jason: v2 50; others: v3 50; black stars on jason’s page, red ones on the others’',
    async run(application) {
      await application.play('reviews.jason')
      const jason = await reviewsSeenBy(application, 50, () => 'jason')
      const others = await reviewsSeenBy(application, 50, (index) => (index % 2 === 0 ? 'mary' : ''))
      const page = `${application.url}/productpage`
      const black = (await visit(page, 'jason')).text.includes('<span style="color:black">★')
      const red = (await visit(page, 'mary')).text.includes('<span style="color:red">★')
      const stars = `${black ? 'black' : 'no black'} stars on jason’s page, ${red ? 'red' : 'no red'} ones on the others’`
      return {
        measured: `jason: ${show(jason)}; others: ${show(others)}; ${stars}`,
        good: jason['v2'] === 50 && others['v3'] === 50 && black && red,
      }
    },
  },
  share('75-25', 'v1', 0.75, 'v2'),
  share('50-50', 'v1', 0.5, 'v3'),
]

function share(variant: string, one: string, chance: number, other: string): Step {
  const total = 1000
  const spread = Math.floor(5 * Math.sqrt(total * chance * (1 - chance)))
  return {
    title: `${variant.replace('-', ' % ')} % between ${one} and ${other}`,
    asked: `reviews.${variant}.yaml; ${total} calls`,
    expected: `${one} ${total * chance} ± ${spread} (five standard deviations), the rest ${other}, no errors`,
    async run(application) {
      await application.play(`reviews.${variant}`)
      const counts = await reviewsSeenBy(application, total, () => '')
      const first = counts[one] ?? 0
      const good = isPlausible(first, total, chance) && first + (counts[other] ?? 0) === total
      return { measured: show(counts), good }
    },
  }
}

async function reviewsSeenBy(
  application: Application,
  count: number,
  userOf: (index: number) => string,
): Promise<Readonly<Record<string, number>>> {
  const url = `${application.url}/api/v1/products/0/reviews`
  return countVersions(await visitMany(count, 20, (index) => visit(url, userOf(index))))
}
