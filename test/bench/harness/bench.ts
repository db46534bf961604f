// What a bench is and what it yields. One bench is one comparison, measured in a process of its own.

export interface Bench {
  /** The first word chooses it on the command line. */
  readonly name: string
  /** Processes that measure it; the median counts. */
  readonly runs: number
  /** For the node that measures it. */
  readonly flags: readonly string[]
  measure(): Promise<readonly Sample[]>
}

export type Sample = Figure | Skipped

/** What one run found for one row of the table. */
export interface Figure {
  readonly name: string
  readonly unit: string
  readonly ours: number
  /** What ours is compared with; undefined: the target is one of our own figure. */
  readonly base?: number
  /** ours / base, or what the row defines as its ratio; judged where it is there. */
  readonly ratio?: number
  /** Highest ratio, or highest own figure, that passes; undefined: it is shown, and nothing is asked of it. */
  readonly target?: number
  /** Half of the 95 % confidence interval of the judged figure; 0: not known, judged as it is. */
  readonly ci: number
  /** The base against itself, 1 in a quiet run; undefined: the row carries none. */
  readonly control?: number
  /** Half of its interval where it is so noisy that it counts; undefined: it is taken as it is. */
  readonly controlCi?: number
  /** An interval of the judged figure that is wider than plus or minus so much says nothing; undefined: any will do. */
  readonly precision?: number
  readonly note?: string
}

/** A row that this machine cannot measure. */
export interface Skipped {
  readonly name: string
  readonly skipped: string
}

export function isSkipped(sample: Sample): sample is Skipped {
  return 'skipped' in sample
}

/** PERFORMANCE 8.2: beyond it the run says nothing. */
const maxControlError = 0.03

/** The base differs from itself: another run may do better. */
export function isDisturbed(sample: Sample): boolean {
  if (isSkipped(sample)) return false
  const { control = 1, controlCi = 0 } = sample
  return Math.abs(control - 1) > maxControlError + controlCi
}

/** It says nothing: disturbed, or not known well enough. */
export function isVoid(sample: Sample): boolean {
  if (isSkipped(sample)) return false
  const { ci, precision = Infinity } = sample
  return ci > precision || isDisturbed(sample)
}
