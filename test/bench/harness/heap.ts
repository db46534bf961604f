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
