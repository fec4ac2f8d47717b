import type { VerifyReport } from '@ldb/integrity'
import type { OpenDatabase } from '../open/open-database.js'
import { verifySteps } from './database-steps.js'
import type { DatabaseVerifySteps } from './database-steps.js'
import type { ResolvedVerifyOptions } from './options.js'

/** Time for which a verification uses the thread before it yields, in ms. */
const SLICE_MS = 2

/** Verifies an open database, and yields the thread every few milliseconds. Writes go on meanwhile. */
export async function verifyInTimeSlices(
  opened: OpenDatabase,
  options: ResolvedVerifyOptions,
): Promise<VerifyReport> {
  opened.pipeline.drain()
  return runInTimeSlices(opened, verifySteps(opened, options))
}

/** Runs the steps of a verification; a step that throws, or a database that is closed meanwhile, ends them. */
export async function runInTimeSlices(
  opened: OpenDatabase,
  steps: DatabaseVerifySteps,
): Promise<VerifyReport> {
  const { clock } = opened.engines.vfs
  let sliceEndMs = clock.monotonic() + SLICE_MS
  try {
    for (;;) {
      const step = steps.next()
      if (step.done === true) return step.value
      if (step.value !== 'settled' && clock.monotonic() < sliceEndMs) continue
      await opened.gate.yieldThread()
      if (step.value === 'settled') await opened.slicedCheckpoint.idle()
      sliceEndMs = clock.monotonic() + SLICE_MS
    }
  } finally {
    // Releases what the steps have pinned.
    steps.return(undefined as never)
  }
}
