// Durations of protobuf as milliseconds.
import type { Duration } from '../generated/google/protobuf/duration.ts'

export function millisecondsOf(duration: Duration): number {
  return duration.seconds * 1000 + duration.nanos / 1e6
}
