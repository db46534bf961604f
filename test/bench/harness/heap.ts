// How much of the heap is in use; for processes that node started with --expose-gc.
import { getHeapStatistics } from 'node:v8'

/** Bytes that live after a full collection. */
export function heapAfterCollection(): number {
  if (globalThis.gc === undefined) throw new Error('node runs without --expose-gc')
  // the second collection takes what weak references let go in the first
  globalThis.gc()
  globalThis.gc()
  return heapInUse()
}

/** Bytes, garbage included. */
export function heapInUse(): number {
  return getHeapStatistics().used_heap_size
}

/** The most bytes that were in use during some work, those outside of the heap that it holds included; looked at every few milliseconds. */
export async function peakHeap(work: () => Promise<void>): Promise<number> {
  let peak = 0
  const look = (): void => {
    const { used_heap_size: inside, external_memory: outside } = getHeapStatistics()
    peak = Math.max(peak, inside + outside)
  }
  const timer = setInterval(look, 5)
  await work()
  clearInterval(timer)
  look()
  return peak
}
