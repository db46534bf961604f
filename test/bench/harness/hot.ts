// Nanoseconds of something synchronous and hot: the median of many short batches after a warm-up.
import { halfInterval, median } from './statistics.ts'

/** @param work does the thing so many times */
export function nanosecondsOf(work: (times: number) => void, perBatch: number): { ours: number; ci: number } {
  for (let batch = 0; batch < 50; batch++) work(perBatch)
  const times: number[] = []
  for (let batch = 0; batch < 150; batch++) {
    const start = process.hrtime.bigint()
    work(perBatch)
    times.push(Number(process.hrtime.bigint() - start) / perBatch)
  }
  return { ours: median(times), ci: halfInterval(times) }
}
