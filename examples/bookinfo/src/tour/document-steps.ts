// A mistake in a document, made while people are using the page.
import { setTimeout as delay } from 'node:timers/promises'
import { waitFor } from '../stage/application.ts'
import { countVersions, keepVisiting, visit } from '../stage/user.ts'
import { show } from './step.ts'
import type { Step } from './step.ts'

export const documentSteps: readonly Step[] = [
  {
    title: 'a bad document is refused while traffic goes on',
    asked: 'reviews.all-v1.yaml, then reviews.broken.yaml (`weight: all of it`) under load',
    expected: 'refused with its place and reason; all calls still answered by v1',
    async run(application) {
      await application.play('reviews.all-v1')
      const url = `${application.url}/api/v1/products/0/reviews`
      let refused = ''
      const load = keepVisiting(5, () => visit(url))
      await application.documents.play('reviews.broken')
      await waitFor(async () => {
        const problem = (await application.problems()).find(
          ({ severity, source }) => severity === 'error' && source?.endsWith('reviews.yaml'),
        )
        if (problem === undefined) return false
        const { line, column, path, message, code } = problem
        refused = `reviews.yaml:${line}:${column}: ${path}: ${message} [${code}]`
        return true
      }, 3000)
      // long enough that a mistake taken over late would show
      await delay(500)
      const counts = countVersions(await load.stop())
      return {
        measured: `${refused || 'not refused'}; answered by ${show(counts)}`,
        good: refused !== '' && Object.keys(counts).join() === 'v1',
      }
    },
  },
]
