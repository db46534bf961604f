// An ordered account of a decision that a person can read. Made by mesh/explain.

export interface Step {
  /** `host`, `rule`, `split`, `cluster`, `candidate`, `endpoint`, `timeout`, ... */
  readonly what: string
  readonly text: string
  /** The document and path that set it. */
  readonly setBy?: string
  /** `file:line:column` */
  readonly at?: string
}

export class Explanation {
  readonly request: string
  readonly steps: readonly Step[]
  /** Where it ends: at an endpoint, or with an answer of the mesh. */
  readonly outcome: {
    readonly route?: string
    readonly cluster?: string
    readonly endpoint?: string
    readonly answer?: string
  }

  constructor(request: string, steps: readonly Step[], outcome: Explanation['outcome']) {
    this.request = request
    this.steps = steps
    this.outcome = outcome
  }

  toString(): string {
    const width = Math.max(...this.steps.map((step) => step.what.length))
    const lines = this.steps.map((step) => {
      const source = [step.setBy, step.at].filter((part) => part !== undefined).join(', ')
      return `  ${step.what.padEnd(width)}  ${step.text}${source === '' ? '' : `  (${source})`}`
    })
    return [this.request, ...lines].join('\n')
  }
}
