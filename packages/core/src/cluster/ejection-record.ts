// What is remembered of an endpoint's ejections. Made at its first: most endpoints never have one.
export class EjectionRecord {
  count = 0
  ejectedAtMs = 0
  /** Added to the time of this ejection. */
  jitterMs = 0
  /** How many base times the next return takes; grows with every ejection, shrinks with every good interval. */
  multiplier = 0
  returnedAtMs: number = -Infinity
}
