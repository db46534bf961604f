// What a mesh that only observes would have done: each kind of decision is told once, and counted.
import type { Explanation } from '@proxyless/core'
import type { Mesh, RequestView } from '@proxyless/core/spi'

export interface Observation {
  /** `GET http://reviews:9080`: without the path. */
  readonly request: string
  /** Where the mesh would have sent it, by which rule, and how long and how often it would have tried. */
  readonly decision: string
  count: number
}

/** More kinds are counted together. */
const most = 1_000

export class Observations {
  readonly #mesh: Mesh
  readonly #tell: (line: string) => void
  readonly #kinds = new Map<string, Observation>()

  /** @param tell hears each kind of decision at its first time */
  constructor(mesh: Mesh, tell: (line: string) => void) {
    this.#mesh = mesh
    this.#tell = tell
  }

  get all(): readonly Observation[] {
    return [...this.#kinds.values()]
  }

  readonly take = (view: RequestView): void => {
    const request = `${view.method} ${view.scheme}://${view.authority}`
    const decision = decisionOf(this.#mesh.explain(view))
    const key = `${request} ${decision}`
    const known = this.#kinds.get(key)
    if (known !== undefined) {
      known.count++
    } else if (this.#kinds.size < most) {
      this.#kinds.set(key, { request, decision, count: 1 })
      this.#tell(`${request} would go to ${decision}`)
    } else {
      const others = this.#kinds.get('') ?? { request: 'others', decision: 'of more than a thousand kinds', count: 0 }
      others.count++
      this.#kinds.set('', others)
    }
  }
}

/** Without what is drawn anew for each call: the endpoint. */
function decisionOf({ steps, outcome }: Explanation): string {
  const where =
    outcome.cluster ?? (outcome.answer === undefined ? 'nowhere' : `an answer of the mesh, ${outcome.answer}`)
  const rule = steps.find(({ what }) => what === 'rule')
  const by = rule?.setBy === undefined ? [] : [`by ${rule.setBy}`]
  const policies = steps.flatMap(({ what, text }) =>
    what === 'timeout' || what === 'retries' ? [`${what} ${text}`] : [],
  )
  return [where, ...by, ...policies].join(', ')
}
