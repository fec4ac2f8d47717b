import type { VerifyReport } from '@ldb/integrity'
import type { DatabaseParts } from './database-parts.js'
import { verifySteps } from './database-verification.js'
import type { VerifyOptions } from './database-verification.js'

/** Walks everything of an open database, and lets others have the thread between its parts. */
export async function verifyInTurns(parts: DatabaseParts, options: VerifyOptions): Promise<VerifyReport> {
  const steps = verifySteps(parts, options)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    await parts.gate.nextTurn()
  }
}
