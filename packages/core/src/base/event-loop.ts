// What the process tells of itself: how long it was kept from looking at what came in. A contract, as the clock is.

export interface EventLoop {
  /** Milliseconds since some beginning in which the loop was blocked; only ever grows, and counts what lasts until now. */
  blockedMs(): number
}
