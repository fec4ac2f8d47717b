import { performance } from 'node:perf_hooks'

/** Milliseconds of work after which other work of the event loop runs. */
const TIME_SLICE_MS = 2

/** When reads last yielded the thread: iterators share it, because all of them delay the same timers. */
const slice = { startMs: 0 }

/** Reports whether reads have kept the thread for a time slice. */
export function isSliceOver(): boolean {
  return performance.now() - slice.startMs > TIME_SLICE_MS
}

/** Lets timers and I/O run. */
export async function yieldThread(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  slice.startMs = performance.now()
}
