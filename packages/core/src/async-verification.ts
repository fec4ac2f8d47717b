import type { VerifyReport } from '@ldb/integrity'
import type { OpenDatabase } from './open/open-database.js'
import { verifySteps } from './verification.js'
import type { ResolvedVerifyOptions } from './verification.js'

/** Verifies an open database, and yields the thread between its parts. */
export async function verifyInTimeSlices(
  opened: OpenDatabase,
  options: ResolvedVerifyOptions,
): Promise<VerifyReport> {
  const steps = verifySteps(opened, options)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    await opened.gate.yieldThread()
  }
}
